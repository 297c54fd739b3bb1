"""How two people are compared. Here: Splink's settings, and the table it reads.

The model's numbers are learnt (training.py); what they mean is decided here: a change of anything below is a new
`COMPARISONS_VERSION`, and models of another version are refused. Not here: which pairs are compared at all (blocks.py), which become edges (edges.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from orchestration.core.sql_scripts import sql_script
from orchestration.identity.similarity import (
    ALIKE_MAILBOX,
    ALIKE_NAME,
    NEAR_CITY,
    NEAR_NAME,
    NEAR_STREET,
    SOMEWHAT_ALIKE_NAME,
)

COMPARISONS_VERSION = 3
# a full name that more records have is not a rare one
_RARE = 20

# a shared identifier that is worthless is not evidence; of an address, what stands before the @ is evidence of its own
# only where it is more than the person's name
_COMPARED = """
create or replace table {schema}.compared_people as select *, hash(c) as fingerprint from (
with people as (
    select p.*, e.value_key as good_email, t.value_key as good_phone, split_part(e.value_key, '@', 1) as email_user,
        -- folded as names are, so that what is left of it is not a matter of spelling
        match_keys.folded(split_part(e.value_key, '@', 1)) as folded_user
    from (from identity.normalised_people {only}) p
    left join identity.identifiers e on e.kind = 'email' and e.value_key = p.email_key and e.ignored_reason is null
    left join identity.identifiers t on t.kind = 'phone' and t.value_key = p.phone_key and t.ignored_reason is null
), rare as (
    select given_key, family_key, true as is_rare from identity.normalised_people
    where given_key is not null and family_key is not null {only_names} group by all having count(*) <= {rare}
)
select
    record_id as unique_id, is_rare, given_key || '|' || coalesce(country_code, '') as given_here, given_key, given_forms, family_key, regexp_replace(family_key, '(?:sson|son|sen)$', 's') as family_stem, birth_date, birth_date::varchar as birth_text,
    good_email as email_key, email_user, regexp_replace(email_user, '[._-]', '', 'g') as email_letters, split_part(good_email, '@', 2) as email_domain, regexp_replace(email_user, '[^0-9]', '', 'g') as email_digits,
    -- a year or a number behind the name is shared by many of that name: it is no word of one's own
    nullif(regexp_extract(email_rest, '^.*[a-z].*$'), '') as email_own,
    good_phone as phone_key, match_keys.phone_tail(good_phone) as phone_tail,
    postal_key, street_key, city_key, street_number, address_words
from (
    -- the longer name first: what is left of hans.johansson without hans is not johansson
    -- and names that were written as one first of all: folding takes an a of annaandersson
    select *, regexp_extract(regexp_replace(replace(replace(replace(replace(folded_user, match_keys.folded(given || family), ''),
        match_keys.folded(family || given), ''), longer, ''), shorter, ''), '[^a-z0-9]', '', 'g'), '^...+$') as email_rest
    from (
        select *, case when length(given) > length(family) then given else family end as longer,
            case when length(given) > length(family) then family else given end as shorter
        from (
            select *, coalesce(replace(given_key, ' ', ''), '') as given, coalesce(replace(family_key, ' ', ''), '') as family
            from people left join rare using (given_key, family_key)
        )
    )
)) c
"""

# how frequent a value is counts in these. A family name tells the country too; the given name is counted within it, for
# Aino is not a rare name where the other one is Korhonen
FREQUENCY_COLUMNS = ("given_here", "family_key", "email_key", "phone_key", "postal_key", "city_key")


_TOUCHED_NAMES = sql_script(__file__, "comparisons_touched_names", rare=_RARE)


def make_compared_again(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Makes `<schema>.compared_people` of the touched records and of those whose name is no longer rare, or is now.

    Leaves the temp table `compared_again`: which these are.
    """
    con.execute(_TOUCHED_NAMES)
    con.execute(
        _COMPARED.format(
            schema=schema,
            rare=_RARE,
            only="where record_id in (from compared_again)",
            only_names="and (given_key, family_key) in (select (given_key, family_key) from identity.normalised_people "
            "where record_id in (from compared_again))",
        )
    )


def make_compared(con: duckdb.DuckDBPyConnection, schema: str) -> dict[str, int]:
    """Makes `<schema>.compared_people`. Returns how many records have each column filled."""
    con.execute(_COMPARED.format(schema=schema, rare=_RARE, only="", only_names=""))
    columns = (
        "unique_id",
        "given_key",
        "family_key",
        "birth_text",
        "email_key",
        "phone_key",
        "postal_key",
        "street_key",
        "city_key",
    )
    counts = con.execute(
        f"select {', '.join(f'count({c})' for c in columns)} from {schema}.compared_people"
    ).fetchall()[0]
    return dict(zip(columns, counts, strict=True))


def comparisons(filled: dict[str, int]) -> list[Any]:
    """Splink comparisons of the columns that the records have at all."""
    found = [_given_name(), _family_name()]
    if filled["birth_text"]:
        found.append(_birth_date())
    if filled["email_key"]:
        found.append(_email())
    if filled["phone_key"]:
        found.append(_phone())
    if filled["postal_key"] or filled["street_key"] or filled["city_key"]:
        found.append(_address())
    return found


def _given_name() -> Any:
    import splink.comparison_level_library as cll

    # two names in each other's place are one observation: it counts here, by how frequent the name is, and not again below
    swapped = _level(_SWAPPED_NAMES, "swapped with the family name").configure(tf_adjustment_column="given_here")
    short = _level(_SHORT_FORM, "a short form of the other")
    abroad = _level("given_key_l = given_key_r", "the same, in another country")
    return _name("given_key", cll.NullLevel("given_key"), [abroad, swapped, short], frequent="given_here")


def _family_name() -> Any:
    unknown = f"family_key_l is null or family_key_r is null or coalesce({_SWAPPED_NAMES}, false)"
    return _name(
        "family_key",
        _level(unknown, "not known, or swapped").configure(is_null_level=True),
        near="family_stem_l = family_stem_r",
    )


def _name(column: str, unknown: Any, also: Sequence[Any] = (), near: str = "false", frequent: str = "") -> Any:
    import splink.comparison_level_library as cll
    from splink.comparison_library import CustomComparison

    alike = f"jaro_winkler_similarity({column}_l, {column}_r)"
    return CustomComparison(
        output_column_name=column,
        comparison_levels=[
            unknown,
            cll.ExactMatchLevel(frequent or column, term_frequency_adjustments=True),
            *also,
            _level(f"{alike} >= {NEAR_NAME} or {near}", "nearly the same"),
            _level(f"{alike} >= {ALIKE_NAME} or starts_with({column}_l, {column}_r) or starts_with({column}_r, {column}_l)", "alike, or an initial"),
            _level(f"{alike} >= {SOMEWHAT_ALIKE_NAME}", "somewhat alike"),
            cll.ElseLevel(),
        ],
    )  # fmt: skip


def _birth_date() -> Any:
    import splink.comparison_level_library as cll
    from splink.comparison_library import CustomComparison

    distance = "damerau_levenshtein(birth_text_l, birth_text_r)"
    days = "abs(date_diff('day', birth_date_l, birth_date_r))"
    return CustomComparison(
        output_column_name="birth_date",
        comparison_levels=[
            cll.NullLevel("birth_text"),
            cll.ExactMatchLevel("birth_text"),
            _level(f"{distance} <= 1 or ({_SWAPPED_DAY})", "one character apart, or day and month swapped"),
            _level(f"{distance} <= 2", "two characters apart"),
            _level(f"{days} <= 366", "within a year"),
            _level(f"{days} <= 3660", "within ten years"),
            cll.ElseLevel(),
        ],
    )


_SWAPPED_NAMES = (
    f"jaro_winkler_similarity(given_key_l, family_key_r) >= {NEAR_NAME} and jaro_winkler_similarity(family_key_l, given_key_r) >= {NEAR_NAME} "
    "and given_key_l <> given_key_r"
)
# Bob and Robert, Lasse and Lars; two short forms of one name too
_SHORT_FORM = (
    "coalesce(list_contains(given_forms_l, given_key_r), false) or coalesce(list_contains(given_forms_r, given_key_l), false) "
    "or coalesce(list_has_any(given_forms_l, given_forms_r), false)"
)
_SWAPPED_DAY = (
    "substr(birth_text_l, 1, 4) = substr(birth_text_r, 1, 4) and substr(birth_text_l, 6, 2) = substr(birth_text_r, 9, 2) "
    "and substr(birth_text_l, 9, 2) = substr(birth_text_r, 6, 2)"
)


# a slip of the pen: in the name before the @, or in the domain. anna.berg2@ and annaberg@ are others than anna.berg@, and
# one of .se is another than one of .no
_NEAR_MAILBOX = (
    "email_digits_l = email_digits_r and least(length(email_user_l), length(email_user_r)) >= 5 and ("
    "(email_domain_l = email_domain_r and email_letters_l <> email_letters_r and damerau_levenshtein(email_user_l, email_user_r) <= 2) "
    "or (email_user_l = email_user_r and regexp_extract(email_domain_l, '[^.]+$') = regexp_extract(email_domain_r, '[^.]+$') "
    "and damerau_levenshtein(email_domain_l, email_domain_r) <= 2))"
)


def _email() -> Any:
    import splink.comparison_level_library as cll
    from splink.comparison_library import CustomComparison

    own = "email_own_l is not null and email_own_r is not null"
    return CustomComparison(
        output_column_name="email",
        comparison_levels=[
            cll.NullLevel("email_key"),
            cll.ExactMatchLevel("email_key", term_frequency_adjustments=True),
            _level(f"{_NEAR_MAILBOX} and {own}", "nearly the same"),
            # a slip in a mailbox that is but the name says no more than the slip in the name
            _level(_NEAR_MAILBOX, "nearly the same, and no more than the name"),
            _level(f"{own} and email_user_l = email_user_r", "the same before the @, and more than the name"),
            _level(f"{own} and jaro_winkler_similarity(email_own_l, email_own_r) >= {ALIKE_MAILBOX}", "alike before the @ in what is not the name"),
            cll.ElseLevel(),
        ],
    )  # fmt: skip


def _phone() -> Any:
    import splink.comparison_level_library as cll
    from splink.comparison_library import CustomComparison

    return CustomComparison(
        output_column_name="phone",
        comparison_levels=[
            cll.NullLevel("phone_key"),
            cll.ExactMatchLevel("phone_key", term_frequency_adjustments=True),
            # a number without its country or area
            _level("phone_tail_l = phone_tail_r", "the same last seven digits"),
            _level("damerau_levenshtein(phone_key_l, phone_key_r) <= 1", "one digit apart"),
            cll.ElseLevel(),
        ],
    )


def _address() -> Any:
    """Street, postal code and place as one: apart they count one household's address three times."""
    import splink.comparison_level_library as cll
    from splink.comparison_library import CustomComparison

    nowhere = " or ".join(
        f"(street_key_{side} is null and postal_key_{side} is null and city_key_{side} is null)" for side in "lr"
    )
    near = f"jaro_winkler_similarity(street_key_l, street_key_r) >= {NEAR_STREET}"
    return CustomComparison(
        output_column_name="address",
        comparison_levels=[
            _level(nowhere, "not known").configure(is_null_level=True),
            _level("street_key_l = street_key_r and coalesce(postal_key_l = postal_key_r, true)", "same street and postal code"),
            _level(f"{near} and postal_key_l = postal_key_r", "nearly the same street, same postal code"),
            _level(_SAME_WORDS, "the same house number and mostly the same words"),
            _level(near, "nearly the same street"),
            cll.ExactMatchLevel("postal_key", term_frequency_adjustments=True),
            cll.ExactMatchLevel("city_key", term_frequency_adjustments=True),
            _level(f"jaro_winkler_similarity(city_key_l, city_key_r) >= {NEAR_CITY} or (damerau_levenshtein(city_key_l, city_key_r) <= 2 "
                "and least(length(city_key_l), length(city_key_r)) >= 5) or damerau_levenshtein(postal_key_l, postal_key_r) <= 1", "a place nearby in spelling"),
            cll.ElseLevel(),
        ],
    )  # fmt: skip


# an address written as one line, with a flat or a building more, in another order
_SAME_WORDS = (
    "street_number_l = street_number_r and least(len(address_words_l), len(address_words_r)) >= 3 and "
    "len(list_intersect(address_words_l, address_words_r)) >= 0.6 * least(len(address_words_l), len(address_words_r))"
)


def _level(condition: str, label: str) -> Any:
    import splink.comparison_level_library as cll

    return cll.CustomLevel(condition, label_for_charts=label)
