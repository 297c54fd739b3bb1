"""Contact points that a correction (Art. 16) replaced: they may be somebody else's, and what was granted on them until then
permits nothing more. The corrected value itself, however it is spelled, is no such point.

Here: which points, and since when. Not here: noting a correction (corrections.py), whether it can stand (correction_checks.py), what
follows from it in a night (identity/corrected_grants.py) and until the next one (activation/later_words.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from orchestration.contracts.channels import ADDRESS, ANY, is_channel_of
from orchestration.core.warehouse import drop_tables, has_table, scalar
from orchestration.match_keys import define_match_keys
from orchestration.match_keys.phones import default_country, read_phones_apart
from orchestration.privacy.audit.exported_points import point_key
from orchestration.privacy.rights.subjects import OWNERS

_FIELDS = ("email", "phone", "street", "postal_code", "city")
# of whoever has the corrected record today, or had it last, with what was said of the field before
_CORRECTIONS = """
create or replace temp table point_corrections as
select o.customer_id, c.source_system, c.source_key, c.field, c.corrected_at, coalesce(match_keys.country_code({country}), '') as country_code,
    list_append(coalesce(c.earlier, []), struct_pack(value := c.value, corrected_at := c.corrected_at)) as said
from identity.corrections c join owners o using (source_system, source_key) {people}
where list_contains($fields, c.field)
"""
_PEOPLE = "left join conformed.conformed_people p on p.source_system = c.source_system and p.source_key = c.source_key"
# each point with every correction that is about its kind; ads go by an address of either kind, or by a number
_ASKED = """
create or replace temp table points_in_question as
select *, {of_point} as point_key, {of_value} as value_key from (
    select distinct p.customer_id, p.contact_point, p.channel, c.source_system, c.source_key, c.field, c.country_code,
        c.corrected_at as last_at, unnest(c.said, recursive := true)
    from ({points}) p join point_corrections c using (customer_id)
    where case c.field
        when 'email' then not {goes_to_an_address} and contains(p.contact_point, '@')
        when 'phone' then not {goes_to_an_address} and not contains(p.contact_point, '@')
        else {goes_to_an_address} or {goes_anywhere} and not contains(p.contact_point, '@') and regexp_matches(p.contact_point, '\\pL') end
)
"""
_NUMBERS = """
select contact_point as phone, '' as country_code from points_in_question where field = 'phone'
union select value, country_code from points_in_question where field = 'phone' and value is not null
"""


def _parts(address: str) -> str:
    """SQL: the parts of a postal address in one line, folded: `|storgatan 1|11122|lund|`. Only a whole part is the same
    one: Storgatan 1 stands in Storgatan 12 too."""
    parted = f"regexp_replace({address}, '\\b([0-9]{{3}} ?[0-9]{{2}}|[0-9]{{4}})\\b', ',\\1,', 'g')"
    words = f"list_transform(string_split_regex({parted}, '[,;\\n]'), lambda part: match_keys.words_key(part))"
    return f"('|' || array_to_string(list_filter({words}, lambda part: part is not null), '|') || '|')"


# the last correction of a record's field decides whether the point is replaced at all, each of them since when. Numbers that
# are certain are compared whole: of two countries they may end alike
_REPLACED = f"""
create or replace temp table replaced_points as
select distinct customer_id, contact_point, channel, corrected_at from (
    select q.customer_id, q.contact_point, q.channel, q.corrected_at from points_in_question q
    left join numbers_in_question n on n.phone = q.contact_point and n.country_code = ''
    left join numbers_in_question v on v.phone = q.value and v.country_code = q.country_code
    where (case q.field
        when 'email' then q.point_key = q.value_key
        when 'phone' then q.contact_point = q.value or case
            when starts_with(n.phone_key, '+') and starts_with(v.phone_key, '+') then n.phone_key = v.phone_key
            else q.point_key = q.value_key end
        when 'postal_code' then list_contains(match_keys.postal_keys_in(q.contact_point), match_keys.postal_key(q.value, null))
        else contains({_parts("q.contact_point")}, nullif({_parts("q.value")}, '||')) end) is not true
    qualify bool_or(q.corrected_at = q.last_at) over (
        partition by q.customer_id, q.contact_point, q.channel, q.source_system, q.source_key, q.field)
)
"""
_NONE = """
create or replace temp table replaced_points (customer_id varchar, contact_point varchar, channel varchar, corrected_at timestamp)
"""


def note_replaced_points(
    con: duckdb.DuckDBPyConnection, points: str, parameters: Mapping[str, Any] | None = None
) -> None:
    """Makes the temp table `replaced_points` (customer_id, contact_point, channel, corrected_at) of `points`, a query of the
    first three with its `parameters`: each correction that a grant of before, on that point, ended with; and `owners`."""
    define_match_keys(con)
    con.execute(OWNERS)
    known = has_table(con, "conformed", "conformed_people")
    country, people = ("p.country_code", _PEOPLE) if known else ("null::varchar", "")
    con.execute(_CORRECTIONS.format(country=country, people=people), {"fields": list(_FIELDS)})
    if not scalar(con, "select count(*) from point_corrections"):
        con.execute(_NONE)
        con.execute("drop table point_corrections")
        return
    asked = _ASKED.format(
        points=points,
        of_point=point_key("contact_point"),
        of_value=point_key("value"),
        goes_to_an_address=is_channel_of("p.channel", ADDRESS),
        goes_anywhere=is_channel_of("p.channel", ANY),
    )
    con.execute(asked, parameters)
    read_phones_apart(con, _NUMBERS, default_country(con), "numbers_in_question")
    con.execute(_REPLACED)
    drop_tables(con, "point_corrections", "points_in_question", "numbers_in_question")
