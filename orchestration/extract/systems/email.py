"""The demo's email tool: daily CSV exports. `optins` is a double opt-in log."""

from orchestration.core.settings import Table
from orchestration.core.settings.people import Grant, Person, Retention

TABLES = {
    "subscribers": Table(
        columns={
            "subscriber_id": "BIGINT",
            "email": "VARCHAR",
            "first_name": "VARCHAR",
            "last_name": "VARCHAR",
            "country": "VARCHAR",
            "created_at": "TIMESTAMP",
            "updated_at": "TIMESTAMP",
        },
        key=["subscriber_id"],
        cursor="updated_at",
        path="subscribers_*.csv",
        persons=[Person(key="subscriber_id", email=["email"], given_name="first_name", family_name="last_name")],
        texts=[],
        retention=Retention(category="identity", happened_at=["created_at", "updated_at"]),
    ),
    "campaigns": Table(
        columns={
            "campaign_id": "BIGINT",
            "name": "VARCHAR",
            "list": "VARCHAR",
            "sent_at": "TIMESTAMP",
        },
        key=["campaign_id"],
        path="campaigns_*.csv",
        texts=[],
    ),
    "optins": Table(
        columns={
            "optin_id": "BIGINT",
            "subscriber_id": "BIGINT",
            "email": "VARCHAR",
            "list": "VARCHAR",
            "status": "VARCHAR",
            "stated_at": "TIMESTAMP",
            "confirmed_at": "TIMESTAMP",
            "wording_version": "VARCHAR",
        },
        key=["optin_id"],
        path="optins_*.csv",
        fresh_within_hours=48,
        persons=[
            Person(
                key="subscriber_id",
                email=["email"],
                grant=Grant(
                    status="status",
                    granted=["granted"],
                    stated_at="stated_at",
                    wording="wording_version",
                    purpose="list",
                ),
            )
        ],
        texts=[],
        retention=Retention(category="consent", happened_at=["stated_at"], only={"status": ["granted"]}),
    ),
    "events": Table(
        columns={
            "event_id": "VARCHAR",
            "event": "VARCHAR",
            "subscriber_id": "BIGINT",
            "email": "VARCHAR",
            "campaign_id": "BIGINT",
            "occurred_at": "TIMESTAMP",
        },
        key=["event_id"],
        path="events_*.csv",
        fresh_within_hours=48,
        persons=[Person(key="subscriber_id", email=["email"], refusal="event")],
        texts=[],
        retention=Retention(
            category="behaviour",
            happened_at=["occurred_at"],
            only={"event": ["sent", "delivered", "open", "click", "bounce", "forward", "held_out"]},
        ),
    ),
}
