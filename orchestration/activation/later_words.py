"""Who may not be written to by what people said here since the permission was worked out: it binds without another night.

Here: objections, withdrawals, restrictions and corrections, by customer of today. Not here: what a night derives (dbt).
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from data_quality.suites.raw_keys import point_keys, refused_keys
from orchestration.activation.kept_out import CHOSEN_BY_BEHAVIOUR
from orchestration.contracts.channels import channels
from orchestration.core.warehouse import has_table, scalar
from orchestration.identity.contact_points import note_holders_of_today
from orchestration.match_keys import define_match_keys
from orchestration.privacy.rights.corrected_points import note_replaced_points
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.privacy.rights.subjects import OWNERS

# every refusal that was said here, by the customer of today: of records, and of contact points by whoever has them
_REFUSALS = """
create or replace temp table refusals as
select o.customer_id, b.purpose, b.channel, b.stated_at from identity.objections b join owners o using (source_system, source_key)
"""
_REFUSALS_BY_POINT = """
insert into refusals select o.customer_id, b.purpose, b.channel, b.stated_at
from identity.withdrawals b join later_holders h using (contact_point)
join owners o on o.source_system = h.person_system and o.source_key = h.person_key
where b.source_system = 'kundbild'
"""
# contact points that may be written to, and what was refused on them here: each point is read once, however many purposes it has
_REFUSED_POINTS = f"""
create or replace temp table refused_points as
select distinct p.contact_point, b.purpose, b.channel, b.stated_at
from (
    select contact_point, unnest({point_keys("contact_point")}) as k from (
        select distinct contact_point from marts.contact_permissions
        where is_permitted and ($purpose is null or purpose = $purpose and channel = $channel)
    )
) p
join (
    select *, unnest({refused_keys("contact_point")}) as k from identity.withdrawals where source_system = 'kundbild'
) b on b.k = p.k
"""
# and by whoever would be written to by it, or by any of them, whatever became of the row that granted it
_REFUSALS_BY_PERMISSION = """
insert into refusals select p.customer_id, b.purpose, b.channel, b.stated_at
from marts.contact_permissions p join refused_points b using (contact_point)
where ($purpose is null or p.purpose = $purpose and p.channel = $channel) and p.is_permitted
"""
# of a refusal b: whether it is about a purpose. One without a purpose is of all marketing
_IS_OF = "(b.purpose in ({purpose}, 'all') or coalesce(b.purpose, 'marketing') in ('marketing', 'direct_marketing') and {is_marketing})"
# a refusal of profiling on any channel, unless it was granted there later; and a grant for it that the night counted, and that has expired
_PROFILING = f"""
select b.customer_id, 'objected_to_profiling_since' as reason_code
from refusals b cross join (select unnest($channels::varchar[]) as channel) c
left join marts.contact_permissions p
    on p.customer_id = b.customer_id and p.purpose = 'profiling' and p.channel = c.channel and p.is_permitted
where coalesce(b.channel in (c.channel, 'all'), true) and (b.stated_at < p.decided_at) is not true
    and {_IS_OF.format(purpose="'profiling'", is_marketing="$is_profiling_marketing")}
union all
select p.customer_id, 'profiling_grant_expired_since'
from marts.contact_permissions p
where p.purpose = 'profiling' and p.is_permitted and p.expires_at <= $now
"""
_RESTRICTED = """
select o.customer_id, 'restricted_since' as reason_code
from identity.restrictions b join owners o using (source_system, source_key)
"""
_LATER_PROFILING = f"create or replace temp table later_profiling as {_PROFILING} union all {_RESTRICTED}"
# what people said here since the permission was worked out. In doubt it is no
_LATER_WORDS = f"""
create or replace temp table later_words as
select b.customer_id, 'objected_or_withdrew_since' as reason_code
from refusals b
join marts.contact_permissions p on p.customer_id = b.customer_id and p.purpose = $purpose and p.channel = $channel
where b.stated_at >= p.decided_at and {_IS_OF.format(purpose="$purpose", is_marketing="$is_marketing")}
    and (coalesce(b.channel in ($channel, 'all'), true) or b.purpose = 'direct_marketing')
union all
-- an audience that is chosen by behaviour
from ({_PROFILING}) where {CHOSEN_BY_BEHAVIOUR}
union all
{_RESTRICTED}
"""


# a contact point that a correction replaced (Art. 16); a later statement on it decides anew
_ASKED_POINTS = "select customer_id, contact_point, channel from marts.contact_permissions where is_permitted and purpose = $purpose and channel = $channel"
_CORRECTED = """
insert into later_words select distinct p.customer_id, 'corrected'
from marts.contact_permissions p join replaced_points r using (customer_id, contact_point, channel)
where p.is_permitted and p.purpose = $purpose and r.corrected_at >= p.decided_at
"""
# a corrected birth date (rule 17), of a date that cannot be read too: the night has seen what was corrected before it
_UNDER_AGE = """
insert into later_words select o.customer_id, 'under_age_since'
from identity.corrections c join owners o using (source_system, source_key) cross join ops.clock k
where c.field = 'birth_date' and c.corrected_at >= k.as_of
    and coalesce(try_cast(c.value as date) + to_years((select coalesce(max(marketing_age), 18) from reference.country_rules)) > k.as_of, true)
"""


def note_refused_points(con: duckdb.DuckDBPyConnection, asked: tuple[str, str] | None = None) -> None:
    """Makes the temp table `refused_points` of the permissions for `asked`, a purpose and a channel, or of all."""
    define_match_keys(con)
    purpose, channel = asked or (None, None)
    if has_table(con, "identity", "withdrawals"):
        con.execute(_REFUSED_POINTS, {"purpose": purpose, "channel": channel})


def note_later_words(
    con: duckdb.DuckDBPyConnection,
    asked: tuple[str, str],
    audience: str,
    now: datetime,
    *,
    are_points_noted: bool = False,
) -> None:
    """Makes the temp table `later_words` (customer_id, reason_code): who may not be in `audience`, which is for `asked`, a purpose
    and a channel, by what was said here since the permission was worked out, or a grant for profiling that has ended `now`
    (UTC, naive); and `owners` (record, customer of today).
    `are_points_noted`: `note_refused_points` was called for all permissions."""
    purpose, channel = asked
    _note_refusals(con, asked, are_points_noted=are_points_noted)
    about = {
        "purpose": purpose,
        "channel": channel,
        "is_marketing": _is_marketing(con, purpose),
        "audience": audience,
        **_about_profiling(con, now),
    }
    con.execute(_LATER_WORDS, about)
    con.execute("drop table refusals")
    note_replaced_points(con, _ASKED_POINTS, {"purpose": purpose, "channel": channel})
    con.execute(_CORRECTED, {"purpose": purpose})
    con.execute(_UNDER_AGE)


def note_later_profiling(con: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Makes the temp table `later_profiling` (customer_id, reason_code): who may not be profiled, by what was said here since the night,
    or a grant that has ended `now` (UTC, naive)."""
    _note_refusals(con, None, are_points_noted=False)
    con.execute(_LATER_PROFILING, _about_profiling(con, now))
    con.execute("drop table refusals")


def _note_refusals(con: duckdb.DuckDBPyConnection, asked: tuple[str, str] | None, *, are_points_noted: bool) -> None:
    """The temp tables `owners` and `refusals`: of people, and of contact points with a permission for `asked`, or with any."""
    prepare_requests(con)
    define_match_keys(con)
    con.execute(OWNERS)
    con.execute(_REFUSALS)
    if has_table(con, "identity", "withdrawals"):
        if has_table(con, "identity", "point_holders"):
            note_holders_of_today(con)
            con.execute(_REFUSALS_BY_POINT)
        if not are_points_noted:
            note_refused_points(con, asked)
        purpose, channel = asked or (None, None)
        con.execute(_REFUSALS_BY_PERMISSION, {"purpose": purpose, "channel": channel})


def _about_profiling(con: duckdb.DuckDBPyConnection, now: datetime) -> dict[str, object]:
    return {"is_profiling_marketing": _is_marketing(con, "profiling"), "channels": channels(), "now": now}


def _is_marketing(con: duckdb.DuckDBPyConnection, purpose: str) -> bool:
    """A purpose that is not declared is treated as marketing: the stricter one."""
    declared = "select coalesce((select bool_or(is_marketing) from reference.purposes where purpose = $purpose), true)"
    return bool(scalar(con, declared, {"purpose": purpose}))
