"""The demo's webshop: a REST API with nested rows, ISO times as text. Mapping is staging's work."""

from orchestration.settings import Grant, Person, Table

_ADDRESS = "STRUCT(street VARCHAR, zip VARCHAR, city VARCHAR, country VARCHAR)"
_LINES = (
    "STRUCT(line INTEGER, product_id BIGINT, quantity INTEGER, unit_price DOUBLE, discount DOUBLE, "
    "refunded_quantity INTEGER)[]"
)

TABLES = {
    "customers": Table(
        columns={
            "id": "BIGINT",
            "first_name": "VARCHAR",
            "last_name": "VARCHAR",
            "email": "VARCHAR",
            "phone": "VARCHAR",
            "date_of_birth": "VARCHAR",
            "gender": "VARCHAR",
            "address": _ADDRESS,
            "preferred_store": "VARCHAR",
            "created_at": "VARCHAR",
            "updated_at": "VARCHAR",
            "deleted_at": "VARCHAR",
        },
        key=["id"],
        cursor="updated_at",
        endpoint="customers",
        path="customers/*-?????.json",
        fresh_within_hours=72,
        persons=[
            Person(
                key="id",
                email=["email"],
                phone=["phone"],
                given_name="first_name",
                family_name="last_name",
                birth_date="date_of_birth",
            )
        ],
    ),
    "products": Table(
        columns={
            "id": "BIGINT",
            "title": "VARCHAR",
            "category": "VARCHAR",
            "price": "DOUBLE",
            "currency": "VARCHAR",
            "updated_at": "VARCHAR",
        },
        key=["id"],
        cursor="updated_at",
        endpoint="products",
        path="products/*-?????.json",
    ),
    "orders": Table(
        columns={
            "id": "BIGINT",
            "customer_id": "BIGINT",
            "club_contact_id": "BIGINT",
            "created_at": "VARCHAR",
            "updated_at": "VARCHAR",
            "status": "VARCHAR",
            "channel": "VARCHAR",
            "store": "VARCHAR",
            "campaign_id": "BIGINT",
            "currency": "VARCHAR",
            "subtotal": "DOUBLE",
            "discount": "DOUBLE",
            "delivered_at": "VARCHAR",
            "line_items": _LINES,
        },
        key=["id"],
        cursor="updated_at",
        endpoint="orders",
        path="orders/*-?????.json",
        fresh_within_hours=48,
        persons=[Person(key="customer_id", is_kept=True), Person(key="club_contact_id", system="crm", is_kept=True)],
    ),
    "checkouts": Table(
        columns={
            "id": "BIGINT",
            "customer_id": "BIGINT",
            "created_at": "VARCHAR",
            "abandoned_at": "VARCHAR",
            "value": "DOUBLE",
            "items": "INTEGER",
            "currency": "VARCHAR",
            "updated_at": "VARCHAR",
        },
        key=["id"],
        cursor="updated_at",
        endpoint="checkouts",
        path="checkouts/*-?????.json",
        persons=[Person(key="customer_id")],
    ),
    "subscriptions": Table(
        columns={
            "id": "BIGINT",
            "customer_id": "BIGINT",
            "started_at": "VARCHAR",
            "renewed_at": "VARCHAR",
            "cancelled_at": "VARCHAR",
            "reason": "VARCHAR",
            "updated_at": "VARCHAR",
        },
        key=["id"],
        cursor="updated_at",
        endpoint="subscriptions",
        path="subscriptions/*-?????.json",
        persons=[Person(key="customer_id")],
    ),
    "box_events": Table(
        columns={
            "id": "BIGINT",
            "customer_id": "BIGINT",
            "occurred_at": "VARCHAR",
            "kind": "VARCHAR",
            "quantity": "INTEGER",
            "updated_at": "VARCHAR",
        },
        key=["id"],
        cursor="updated_at",
        endpoint="box_events",
        path="box_events/*-?????.json",
        persons=[Person(key="customer_id")],
    ),
    "reviews": Table(
        columns={
            "id": "BIGINT",
            "customer_id": "BIGINT",
            "product_id": "BIGINT",
            "rating": "INTEGER",
            "text": "VARCHAR",
            "created_at": "VARCHAR",
            "updated_at": "VARCHAR",
        },
        key=["id"],
        cursor="updated_at",
        endpoint="reviews",
        path="reviews/*-?????.json",
        persons=[Person(key="customer_id")],
    ),
    "newsletter_signups": Table(
        columns={
            "id": "BIGINT",
            "customer_id": "BIGINT",
            "email": "VARCHAR",
            "status": "VARCHAR",
            "stated_at": "VARCHAR",
            "confirmed_at": "VARCHAR",
            "wording_version": "VARCHAR",
            "updated_at": "VARCHAR",
        },
        key=["id"],
        cursor="updated_at",
        endpoint="newsletter_signups",
        path="newsletter_signups/*-?????.json",
        persons=[
            Person(
                key="customer_id",
                email=["email"],
                grant=Grant(status="status", granted=["granted"], stated_at="stated_at", wording="wording_version"),
            )
        ],
    ),
}
