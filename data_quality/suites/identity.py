"""Promise: every record is somebody's, decisions hold, old ids lead somewhere. Not here: how well people are found."""

from __future__ import annotations

from data_quality.checks import Check, History, Suite
from data_quality.suites.common import keeps_its_volume, no_row_where, no_rows, one_of
from orchestration.core.settings import Settings

_KINDS = ["created", "merged", "split", "moved", "retired", "record joined", "record left"]

_RULES: dict[str, list[Check]] = {
    "edges": [
        no_row_where("an_edge_joins_two", "left_id is the smaller of two records.", "b.left_id >= b.right_id"),
        no_row_where("every_edge_is_weighed", "Every edge says what it is worth.", "b.weight is null"),
    ],
    "record_clusters": [
        no_rows("decisions_hold", "Records decided to be one person are in one cluster, others in two.",
                "select d.left_id from identity.standing_decisions d join {batch} l on l.record_id = d.left_id "
                "join {batch} r on r.record_id = d.right_id where (d.verdict = 'same') <> (l.cluster_id = r.cluster_id)"),
    ],
    "customer_source_records": [
        no_row_where("no_spell_ends_before_it_begins", "valid_to is not before valid_from.", "b.valid_to < b.valid_from"),
        no_rows("a_record_has_one_customer", "Every standing record belongs to exactly one customer.",
                "select * from (select (select count(*) from {batch} where valid_to is null) as here, "
                "(select count(distinct record_id) from {batch} where valid_to is null) as records, "
                "(select count(*) from identity.normalised_people) as there) as t where here <> there or here <> records"),
    ],
    "customer_identity_events": [one_of("kind", _KINDS)],
    "customer_id_redirects": [
        no_rows("an_old_id_leads_to_a_last_one", "No id redirects to one that redirects on, or to one that never was.",
                "select old_customer_id from {batch} where customer_id in (select old_customer_id from {batch}) "
                "or customer_id not in (select customer_id from identity.customer_source_records)"),
    ],
    "golden_records": [
        no_rows("one_row_per_customer", "As many rows as customers with standing records.",
                "select * from (select (select count(*) from {batch}) as here, (select count(distinct customer_id) "
                "from identity.customer_source_records where valid_to is null) as there) as t where here <> there"),
    ],
}  # fmt: skip


def suites(settings: Settings, history: History) -> list[Suite]:
    found = []
    for table, rules in _RULES.items():
        checks = list(rules)
        if table in ("record_clusters", "customer_source_records", "golden_records"):
            checks.insert(0, keeps_its_volume(f"identity.{table}", history, settings.quality.max_volume_drop))
        found.append(Suite("promise", "identity", table, ("identity", table), tuple(checks)))
    return found
