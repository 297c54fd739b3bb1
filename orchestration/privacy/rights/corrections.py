"""Corrections (Art. 16): noted field by field with the customer's records. Not here: whether one can stand (correction_checks.py), putting
it in every night (dbt)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.warehouse import scalar
from orchestration.privacy.rights.correction_checks import checked_values

# what of a person may be corrected: the columns of conformed people that say who they are and where
CORRECTABLE = (
    "full_name", "given_name", "family_name", "email", "phone", "birth_date", "gender", "street", "postal_code", "city", "country_code",
)  # fmt: skip
# in the records that say something else; where none says anything, in all. What was said before of the field is kept: since
# then nobody was to be written to by what it replaced
_CORRECT = """
insert or replace into identity.corrections by name
with theirs as (
    select p.source_system, p.source_key, p.{field}::varchar as value from conformed.conformed_people p
    join identity.customer_source_records s on s.source_system = p.source_system and s.source_key = p.source_key and s.valid_to is null
    where s.customer_id = $customer
)
select t.source_system, t.source_key, $field as field, $value as value, $at as corrected_at, $request as request_id,
    case when c.field is not null then list_append(coalesce(c.earlier, []), struct_pack(value := c.value, corrected_at := c.corrected_at)) end as earlier
from theirs t left join identity.corrections c on c.source_system = t.source_system and c.source_key = t.source_key and c.field = $field
where t.value is not null or (select count(value) from theirs) = 0
"""


def correct(
    con: duckdb.DuckDBPyConnection, customer: str, values: Mapping[str, str | None], at: datetime, request: str
) -> int:
    """Notes a correction (Art. 16), field by field, of the customer's records: each night puts it in again, whatever the
    source says. `at` is UTC, naive. Returns the values that are corrected. Raises KundbildError where a field or value is none.
    """
    values = correctable(con, customer, values)
    return sum(
        int(
            scalar(
                con,
                _CORRECT.format(field=field),
                {"customer": customer, "field": field, "value": value, "at": at, "request": request},
            )
        )
        for field, value in values.items()
    )


def correctable(
    con: duckdb.DuckDBPyConnection, customer: str, values: Mapping[str, str | None]
) -> dict[str, str | None]:
    """The values as they are stored. Raises KundbildError, without the value, where a field or value is none."""
    for field in values:
        if field not in CORRECTABLE:
            raise KundbildError(f"{field!r} cannot be corrected", to_do=f"fields are {', '.join(CORRECTABLE)}")
    return checked_values(con, customer, values)
