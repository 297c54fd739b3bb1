"""The demo's web analytics: a nightly Parquet export. Visitors are signed in by the webshop's customer id."""

from orchestration.core.settings import Table
from orchestration.core.settings.people import Person, Retention

TABLES = {
    "sessions": Table(
        columns={
            "session_id": "VARCHAR",
            "visitor_id": "VARCHAR",
            "customer_id": "BIGINT",
            "started_at": "TIMESTAMP",
            "duration_seconds": "BIGINT",
            "page_views": "BIGINT",
            "landing_channel": "VARCHAR",
            "campaign": "VARCHAR",
            "is_bounce": "BOOLEAN",
            "is_converted": "BOOLEAN",
        },
        key=["session_id"],
        path="sessions_*.parquet",
        fresh_within_hours=48,
        persons=[Person(key="customer_id", system="webshop", own=["visitor_id"])],
        texts=[],
        retention=Retention(category="behaviour", happened_at=["started_at"]),
    ),
    "events": Table(
        columns={
            "event_id": "VARCHAR",
            "session_id": "VARCHAR",
            "visitor_id": "VARCHAR",
            "customer_id": "BIGINT",
            "kind": "VARCHAR",
            "page": "VARCHAR",
            "element": "VARCHAR",
            "scroll_depth": "BIGINT",
            "term": "VARCHAR",
            "result_count": "BIGINT",
            "product_id": "BIGINT",
            "occurred_at": "TIMESTAMP",
        },
        key=["event_id"],
        path="events_*.parquet",
        fresh_within_hours=48,
        persons=[Person(key="customer_id", system="webshop", own=["visitor_id"])],
        texts=["term"],
        retention=Retention(category="behaviour", happened_at=["occurred_at"]),
    ),
    "ad_spend": Table(
        columns={
            "spend_id": "VARCHAR",
            "spend_on": "DATE",
            "channel": "VARCHAR",
            "campaign": "VARCHAR",
            "spend": "DOUBLE",
            "currency": "VARCHAR",
            "impressions": "INTEGER",
            "reach": "INTEGER",
            "clicks": "INTEGER",
        },
        key=["spend_id"],
        path="ad_spend_*.parquet",
        texts=[],
    ),
    "social_engagements": Table(
        columns={
            "engagement_id": "VARCHAR",
            "kind": "VARCHAR",
            "occurred_at": "TIMESTAMP",
            "handle": "VARCHAR",
            "network": "VARCHAR",
        },
        key=["engagement_id"],
        path="social_engagements_*.parquet",
        texts=[],
        retention=Retention(category="behaviour", happened_at=["occurred_at"]),
    ),
}
