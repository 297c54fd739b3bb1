"""What public registers say, straight from raw: a path that shares nothing with the models.

Here: numbers that a register closes to sales by phone, and customers who may be somebody protected or dead. Not here: what people
themselves said (raw_statements.py), the checks (own_paths.py, consent.py).
"""

from __future__ import annotations

from orchestration.core.settings import Settings
from orchestration.core.warehouse import quote


def numbers_in_registers(settings: Settings) -> str:
    """SQL: numbers (point) that a public register closes to sales by phone, as its newest file has them."""
    columns = {
        "nix_telefon": ('"telefonnummer"', "true"),
        "reservasjonsregisteret": (
            '"telefon"',
            "coalesce(lower(\"telefonsalg\") not similar to '\\s*n(ei|o)?\\s*', true)",
        ),
    }
    spec = settings.enabled_sources.get("registers")
    found = [
        f"select {point} as point from raw_registers.{quote(name)} where _deleted_at is null and {closes}"
        for name, (point, closes) in columns.items()
        if spec and name in spec.tables and point.strip('"') in spec.tables[name].columns
    ]
    return " union all ".join(found) or "select null::varchar as point where false"


# SQL: whether a register says yes in a column: whatever is not empty or plainly no
_TELLS = "not regexp_full_match(lower(trim(coalesce({}::varchar, ''))), 'false|f|0|n|no|nej|nei|ei|e|')"


def hidden_customers(settings: Settings) -> str:
    """SQL: customers (customer_id) who may be somebody that an address register tells as protected or dead: born on one day,
    with a first letter of a given name and a part of the family name in common (von Essen, Essen; Berg-Lund, Lund). Where
    either has no birth date, whoever has a given name and a part of the family name of somebody protected."""
    needed = {"given_name", "family_name", "birth_date", "is_protected", "is_deceased"}
    written = "nullif(trim(birth_date::varchar), '')"
    entries = [
        f"select {_words('given_name', initials=True)} as initials, {_given_words('given_name')} as given, {_words('family_name')} as family, "
        f"coalesce(try_cast({written} as date), try_strptime({written}, ['%Y%m%d', '%d.%m.%Y', '%d/%m/%Y', '%d-%m-%Y'])::date) as born, "
        f"{written} is null as is_undated, {_TELLS.format('is_protected')} as is_protected "
        f"from {quote('raw_' + source)}.{quote(name)} where _deleted_at is null and ({_TELLS.format('is_protected')} or {_TELLS.format('is_deceased')})"
        for source, spec in settings.enabled_sources.items()
        for name, table in spec.tables.items()
        if needed <= set(table.columns)
    ]
    if not entries:
        return "select null::varchar as customer_id where false"
    # a customer may have a birth date of each record
    births = (
        "select s.customer_id, n.birth_date as born from identity.customer_source_records s join identity.normalised_people n "
        "on n.source_system = s.source_system and n.source_key = s.source_key where s.valid_to is null and n.birth_date is not null "
        "union select customer_id, birth_date.value from identity.golden_records where birth_date.value is not null"
    )
    return (
        f"with births as ({births}), entries as ({' union all '.join(entries)}), people as (select customer_id, "
        f"{_words('given_name.value', initials=True)} as initials, {_given_words('given_name.value')} as given, "
        f"{_words('family_name.value')} as family from identity.golden_records) "
        "select p.customer_id from people p join births b on b.customer_id = p.customer_id join entries h on h.born = b.born "
        "where list_has_any(h.initials, p.initials) and list_has_any(h.family, p.family) "
        "union select p.customer_id from (select *, unnest(given) as name from people) p "
        "join (select *, unnest(given) as name from entries where is_protected) h on h.name = p.name "
        "where list_has_any(h.family, p.family) and (h.is_undated or p.customer_id not in (select customer_id from births))"
    )


def _given_words(name: str) -> str:
    """SQL: the given names of a person; a letter is none."""
    return f"list_distinct(list_filter({_words(name)}, lambda w: length(w) > 1))"


def _words(name: str, *, initials: bool = False) -> str:
    """SQL: the words of a name in lower case without accents, or their first letters; for a name itself too, without its gaps."""
    # letters of no width part no words; chr() because the runner reads braces as places to fill
    bare = f"translate(lower(strip_accents({name})), chr(8203) || chr(8204) || chr(8205) || chr(8288) || chr(65279) || chr(173), '')"
    words = f"list_filter(string_split_regex({bare}, '[^\\pL\\pN]+'), lambda w: w <> '')"
    if initials:
        return f"list_transform({words}, lambda w: left(w, 1))"
    return f"list_append({words}, nullif(regexp_replace({bare}, '[^\\pL\\pN]', '', 'g'), ''))"
