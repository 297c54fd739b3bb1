"""Whom an audience keeps out whatever they permitted, of customers who were exported (rules 6, 17, 19).

Here: the rule by which a night leaves customers out of an audience (dbt: macro audience_candidates, `left_out`), asked of the
customers of the temp table `holders` without the behaviour by which an audience chooses: who only left it may stay. Not here:
permissions (removals.py), what was said since the night (later_words.py).
"""

from __future__ import annotations

import duckdb

from orchestration.contracts.reasons import is_closed_by_register
from orchestration.core.settings import Privacy

# whether the audience $audience chooses by behaviour, which is profiling: by days since an order where it is of marketing, and by a segment
# always. Rules of a night that an older version ran have no segments: the names are those of `older` then
CHOSEN_BY_BEHAVIOUR = """exists (
        select 1 from (select null as scheme, null as segment) older where exists (
            select 1 from reference.audience_rules a left join reference.purposes u using (purpose)
            where a.audience = $audience and (
                coalesce(u.is_marketing, true) and coalesce(a.min_days_since_order, a.max_days_since_order) is not null
                or coalesce(scheme, segment) is not null
            )
        )
    )"""
# a customer who is not in the marts is in no audience
_KEPT_OUT = f"""
create or replace temp table kept_out as
select h.customer_id, false as is_refusal
from (select distinct customer_id from holders where customer_id is not null) h left join marts.dim_customers c using (customer_id)
where c.customer_id is null or c.is_deceased or c.is_protected
    or c.is_minor_or_unknown_age and (c.birth_date is not null or c.has_impossible_birth_date or not $unknown_is_adult)
union all
-- the last word on profiling, on any channel, was no, or a grant for it does not count any more. Registers are no word
select distinct r.customer_id, true
from marts.contact_permissions r semi join holders using (customer_id)
where r.purpose = 'profiling' and not r.is_permitted
    and not {is_closed_by_register("r.reason_code")}
    and {CHOSEN_BY_BEHAVIOUR}
"""


def note_kept_out(con: duckdb.DuckDBPyConnection, audience: str, purpose: str, privacy: Privacy) -> None:
    """Makes the temp table `kept_out` (customer_id, is_refusal), out of `holders`; `is_refusal` where they refused profiling."""
    adult = privacy.unknown_age_is_adult
    con.execute(_KEPT_OUT, {"audience": audience, "unknown_is_adult": "all" in adult or purpose in adult})
