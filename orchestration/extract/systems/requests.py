"""Requests by which people use their rights, as a form, a mailbox's export or a ticket system delivers them."""

from orchestration.core.settings import Table
from orchestration.core.settings.people import Person, Retention

TABLES = {
    "requests": Table(
        columns={
            "request_id": "VARCHAR",
            "kind": "VARCHAR",
            "customer_id": "VARCHAR",
            "email": "VARCHAR",
            "source_record": "VARCHAR",
            "field": "VARCHAR",
            "value": "VARCHAR",
            "received_at": "TIMESTAMP",
            "is_identity_checked": "BOOLEAN",
        },
        key=["request_id"],
        path="requests_*.csv",
        optional=True,
        texts=[],
        persons=[Person(email=["email"])],
        retention=Retention(category="consent", happened_at=["received_at"]),
    ),
}
