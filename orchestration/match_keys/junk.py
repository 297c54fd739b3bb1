"""What stands in for an address or a number that somebody has not, as SQL macros out of the seed `junk_identifiers`.

Junk names nobody: it links no records, is evidence of no grant, tells no withdrawal of others, and is nobody's value. The
seed `identifier_overrides` may trust a key that looks like it. Not here: role mailboxes and what too many share, which are
somebody's (edges.py).
"""

from __future__ import annotations

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.warehouse import has_table, text

_SEED, _OVERRIDES = ("reference", "junk_identifiers"), ("reference", "identifier_overrides")


def define_junk(con: duckdb.DuckDBPyConnection) -> None:
    """Defines the temp macros `is_junk(kind, value_key)` and `junk_reason(kind, value_key)`, null of what is none: of match keys,
    and of the tokens that a number is denied by. Before the first night, without the seed, nothing is junk.

    Raises KundbildError where a pattern of the seed cannot be read.
    """
    rows: list[tuple[str, str, str]] = []
    if has_table(con, *_SEED):
        rows = con.execute("select kind, value_key, reason from reference.junk_identifiers order by all").fetchall()
    trusted: dict[str, list[str]] = {"email": [], "phone": [], "person_id": []}
    if has_table(con, *_OVERRIDES):
        for kind, key in con.execute("select kind, value_key from reference.identifier_overrides where verdict = 'trust'").fetchall():  # fmt: skip
            trusted[kind].append(key)
    # all in one look first, for nearly everything is none; a pattern that stands in the statement is compiled only once
    looks = "".join(f" when '{kind}' then {_any_of(con, rows, kind)}{_but(keys)}" for kind, keys in trusted.items())
    con.execute(f"create or replace temp macro is_junk(kind, value_key) as coalesce(case kind{looks} end, false)")
    told = "".join(
        f" when kind = '{kind.removesuffix('_pattern')}' and {_matches(kind, key)} then {text(reason or 'listed')}"
        for kind, key, reason in rows
    )
    reason = f"case when is_junk(kind, value_key) then case{told} end end" if told else "null::varchar"
    con.execute(f"create or replace temp macro junk_reason(kind, value_key) as {reason}")


def _any_of(con: duckdb.DuckDBPyConnection, rows: list[tuple[str, str, str]], kind: str) -> str:
    """SQL: whether `value_key` is one of a kind's values, or has one of its patterns in it."""
    values = [key for of, key, _ in rows if of == kind]
    patterns = [key for of, key, _ in rows if of == f"{kind}_pattern"]
    for pattern in patterns:
        try:
            con.execute(f"select regexp_matches('', {text(pattern)})")
        except duckdb.Error as error:
            raise KundbildError(
                f"the seed junk_identifiers has a pattern that cannot be read: {pattern}",
                where="dbt_project/seeds/junk_identifiers.csv",
                to_do="fix the regular expression (RE2), or write the value with the kind email or phone",
            ) from error
    found = [f"value_key in ({', '.join(map(text, values))})"] if values else []
    found += [_matches(f"{kind}_pattern", "|".join(f"(?:{pattern})" for pattern in patterns))] if patterns else []
    return f"({' or '.join(found) or 'false'})"


def _matches(kind: str, key: str) -> str:
    return f"regexp_matches(value_key, {text(key)})" if kind.endswith("_pattern") else f"value_key = {text(key)}"


def _but(trusted: list[str]) -> str:
    return f" and value_key not in ({', '.join(map(text, trusted))})" if trusted else ""
