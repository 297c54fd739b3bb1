"""Who would give a protected person away, by address or telephone, and where their address is said no more (rule 19)."""

from __future__ import annotations

from tests.unit.consent import FRESH, said
from tests.unit.people import by_case, person, someone
from tests.unit.protected import DECEASED, FAMILIES, GUNNEL, PROTECTED, of_case, of_family


def test_rule_19_whoever_would_give_a_protected_person_away_is_hidden_too(known):
    home = {"street": "Storgatan 1", "postal_code": "11455", "city": "Solna"}
    people = [
        person("m", "Tyra", "Tallström", birth_date="1950-02-03", **home),
        person("child", "Bo", "Tallström", birth_date="1980-01-01", **home),
        person("partner", "Cy", "Dahl", birth_date="1949-01-01", street="STORGATAN 1", postal_code="SE-114 55"),
        person("flat", "Fi", "Ek", birth_date="1948-01-01", street="Storgatan 1 lgh 1102", postal_code="11455"),
        person("care of", "Gro", "Ek", birth_date="1947-01-01", street="c/o Ek, Storgatan 1", postal_code="11455"),
        person("neighbour", "Di", "Ek", birth_date="1949-01-01", street="Storgatan 3", postal_code="11455"),
    ]
    # a household is known by its telephone too
    by_phone = [
        person("by phone", "Tyra", FAMILIES[1], birth_date="1951-02-03", phone="0701740605"),
        person("their child", "Ulf", "Kvist", birth_date="1981-03-04", phone="0701740605"),
    ]
    hidden = ("m", "child", "partner", "flat", "care of", "by phone", "their child")
    assert known([*people, *by_phone], of_family(0) | PROTECTED, of_family(1) | PROTECTED) == dict.fromkeys(
        hidden, (True, False)
    )
    assert known(people, of_family(0) | DECEASED) == {"m": (False, True)}


# how a protected person's address is written, and how somebody else's at the same address is
LINE, PARTS = {"street": "Tranbärsvägen 4, 111 22 Stockholm"}, {"street": "Tranbärsvägen 4", "postal_code": "111 22", "city": "Stockholm"}  # fmt: skip
HOMES = [
    (LINE, PARTS), (PARTS, LINE), (LINE, {"street": "Tranbärsv. 4", "city": "111 22 Stockholm"}),
    ({"street": "Tranbärsvägen 4", "city": "Stockholm"}, PARTS), (PARTS, {"street": "Tranbärsvägen 4 lgh 1101", "city": "STOCKHOLM"}),
    # one of these agreed to be written to there, and has no address
    (PARTS, None), (None, PARTS), (LINE, None),
]  # fmt: skip


def test_rule_19_an_address_in_one_line_or_without_a_postal_code_is_the_same_address(permitted, warehouse):
    people, granted, entries = [], [], []
    for n, homes in enumerate(HOMES):
        for who, home in zip(("m", "partner"), homes, strict=True):
            # each case in a street of its own
            written = {k: v.replace("Tranbärsv", f"{FAMILIES[n]}sv") for k, v in (home or {}).items()}
            name = ("Tyra", FAMILIES[n]) if who == "m" else ("Cy", f"{FAMILIES[-1]}{'abcdefgh'[n] * 3}")
            people.append(person(f"{who}:{n}", *name, birth_date=f"{1950 + n}-02-03" if who == "m" else f"19{60 + n}-05-06", **written))  # fmt: skip
            if home is None:
                granted.append(said(f"{who}:{n}", channel="post", contact_point=LINE["street"].replace("Tranbärsv", f"{FAMILIES[n]}sv")))  # fmt: skip
        people.append(person(f"neighbour:{n}", "Di", f"{FAMILIES[-2]}{'abcdefgh'[n] * 3}", birth_date=f"19{70 + n}-05-06", **{k: v.replace("Tranbärsvägen 4", f"{FAMILIES[n]}svägen 6") for k, v in PARTS.items()}))  # fmt: skip
        entries.append(of_family(n) | PROTECTED)
    permitted(people, consent_events=granted, address_updates=entries)
    hidden = warehouse.execute(
        "select s.source_key from identity.protected_customers p join identity.customer_source_records s "
        "on s.customer_id = p.customer_id and s.valid_to is null where p.is_protected"
    ).fetchall()
    assert {key for (key,) in hidden} == {f"{who}:{n}" for who in ("m", "partner") for n in range(len(HOMES))}


# how the register has an address of Tyra's, beside the entry that protects her and says none, and how somebody has it
HOME = {"street": "Kvarnvägen 4", "postal_code": "11122", "city": "Stockholm", "country_code": "SE"}
OLDER = [
    {**HOME, "effective_on": "2015-01-01"}, {**HOME, "effective_on": "2024-01-01"}, {**HOME, "given_name": "Tyra Christina", "effective_on": "2015-01-01"},
    {**HOME, "postal_code": None, "street": "Kvarnvägen 4, 111 22 Stockholm", "city": None}, {**HOME, "postal_code": None},
    # the protected entry itself
    {**HOME, "is_protected": True, "effective_on": "2015-01-01"}, {**HOME, "given_name": "Xerxes"}, {**HOME, "birth_date": "1901-01-01"},
]  # fmt: skip


def test_rule_19_an_address_that_the_register_alone_has_of_a_protected_person_hides_who_lives_there(known):
    """Her own records have none, or a newer one."""
    people, entries = [], []
    for n, older in enumerate(OLDER):
        there = {k: v and v.replace("Kvarnv", f"{FAMILIES[n]}sv") for k, v in HOME.items()}
        people += [
            person(f"m:{n}", "Tyra", FAMILIES[n], birth_date=f"{1950 + n}-02-03"),
            person(f"there:{n}", "Cy", someone(n)["family_name"], birth_date=f"1960-05-{n + 1:02}", **there),
            person(
                f"next door:{n}",
                "Di",
                someone(n + 10)["family_name"],
                birth_date=f"1970-05-{n + 1:02}",
                **there | {"street": f"{FAMILIES[n]}svägen 6"},
            ),
        ]
        entries.append(of_family(n, **PROTECTED))
        entries.append(
            of_family(
                n, **{k: v.replace("Kvarnv", f"{FAMILIES[n]}sv") if isinstance(v, str) else v for k, v in older.items()}
            )
        )
    found = of_case(OLDER, known(people, *entries))
    is_theirs = [one.get("given_name") != "Xerxes" and "birth_date" not in one for one in OLDER]
    assert found == by_case(OLDER, lambda n: dict.fromkeys(("m", "there") if is_theirs[n] else ("m",), (True, False)))


def test_rule_19_no_permission_holds_the_address_of_a_protected_or_deceased_person(permitted, warehouse):
    """What they granted by post is closed and says no street, nor does the history; their email address is none."""
    home = {"street": "Storgatan 1", "postal_code": "11455", "city": "Solna"}
    people = [
        person("m", "Tyra", "Tallström", birth_date="1950-02-03", email="m@x.se", **home),
        person("d", "Dag", "Ek", birth_date="1940-01-01", email="d@x.se"),
        person("o", "Olof", "Dahl", birth_date="1949-01-01", email="o@x.se"),
    ]
    dead = {"given_name": "Dag", "family_name": "Ek", "birth_date": "1940-01-01", "effective_on": "2020-01-01"}
    granted = [said(key, channel=channel) for key in "mdo" for channel in ("post", "email") if key == "m" or channel == "email"]  # fmt: skip
    # who agreed to letters to the address of a protected person would be hidden with them
    granted.append(said("o", channel="post", contact_point="Annangatan 9, 222 22 Lund"))
    granted.append(said("d", channel="post", contact_point="Tredjegatan 2, 333 33 Malmö"))
    granted.append(said("m", channel="ads", contact_point="Storgatan 1, 11455 Solna"))
    allowed = permitted(
        people, consent_events=granted, reservations=FRESH, address_updates=[GUNNEL | {"is_protected": True}, dead | {"is_deceased": True}]
    )  # fmt: skip
    assert {(key, channel) for key, _, channel in allowed} == {
        ("m", "email"),
        ("d", "email"),
        ("o", "email"),
        ("o", "post"),
    }
    assert permitted.why["m", "survey", "post"] == "protected identity"
    assert permitted.why["d", "survey", "post"] == "deceased"
    (olofs,) = {customer for (customer,) in warehouse.execute("select customer_id from identity.customer_source_records where source_key = 'o'").fetchall()}  # fmt: skip
    for table in ("contact_permissions", "contact_permission_history"):
        held = f"select distinct customer_id from marts.{table} where contact_point ilike '%gatan%'"
        assert warehouse.execute(held).fetchall() == [(olofs,)], table
