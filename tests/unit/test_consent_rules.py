"""The consent rules by their numbers: each test fails where its rule is broken. The SQL is the project's own, compiled by dbt.

People, consent statements and registers are put in as conformed rows; what may be done is read from contact_permissions.
"""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path

import pytest

from orchestration.configuration import load_settings
from orchestration.conformed import entities
from orchestration.home import Home
from orchestration.identity.registers import key_reservations
from orchestration.privacy.rights import object_to_marketing, prepare_requests
from orchestration.settings import PROJECT_DIR
from orchestration.transform import Dbt
from tests.unit.people import person

MODELS = (
    "bridge_customer_source_records",
    "customer_id_redirects",
    "golden_records",
    "customer_reservations",
    "contact_permissions",
    "contact_permission_history",
    "fct_contact_compliance",
)
SEEDS = ("purposes", "register_rules")
FED = ("consent_events", "email_events", "reservations", "address_updates", "campaigns")


def compiled_with(folder: Path, **privacy) -> dict[str, str]:
    """The SQL of each model, by settings of [privacy]."""
    home = Home(folder).prepare()
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": str(home.root)})
    settings = settings.model_copy(update={"privacy": settings.privacy.model_copy(update=privacy)})
    dbt = Dbt(settings, home)
    assert dbt.invoke(["--quiet", "compile", "--select", *MODELS])
    files = {path.stem: path for path in Path(home.dbt_target / "compiled").rglob("*.sql")}
    return {model: files[model].read_text() for model in MODELS}


@pytest.fixture(scope="session")
def compiled(tmp_path_factory) -> dict[str, str]:
    return compiled_with(tmp_path_factory.mktemp("compiled"))


@pytest.fixture
def permitted(compiled, resolve, warehouse):
    """Says of whom contact_permissions allow what: {(source_key, purpose, channel): contact point}, and `why` it is so."""

    def go(people: list[dict], *, at="2026-06-01", **conformed: list[dict]) -> dict[tuple[str, str, str], str]:
        ids = resolve(*people)
        warehouse.execute("create schema if not exists marts; create schema if not exists ops")
        warehouse.execute(f"create or replace table ops.clock as select timestamp '{at}' as as_of, 0 as published_load")
        for seed in SEEDS:
            warehouse.execute(
                f"create or replace table reference.{seed} as from read_csv('{PROJECT_DIR}/dbt_project/seeds/{seed}.csv')"
            )
        for column in ("gender", "preferred_store", "updated_at", "extracted_at"):
            kind = "timestamp" if column.endswith("_at") else "varchar"
            warehouse.execute(f"alter table conformed.conformed_people add column if not exists {column} {kind}")
        for entity in FED:
            columns = entities()[entity] | {
                "source_system": "varchar",
                "source_key": "varchar",
                "deleted_at": "timestamp",
            }
            table = f"conformed.conformed_{entity}"
            warehouse.execute(f"create or replace table {table} ({', '.join(f'{c} {t}' for c, t in columns.items())})")
            named = {"source_system": "crm", "person_system": "crm"}
            rows = [{**named, "source_key": f"{entity}{n}", **row} for n, row in enumerate(conformed.get(entity, []))]
            if rows:
                values = [[row.get(column) for column in columns] for row in rows]
                warehouse.executemany(f"insert into {table} values ({', '.join('?' * len(columns))})", values)
        prepare_requests(warehouse)
        key_reservations(warehouse)
        for model in MODELS:
            schema = "identity" if model == "golden_records" else "marts"
            warehouse.execute(f"create or replace table {schema}.{model} as {compiled[model]}")
        rows = warehouse.execute(
            "select customer_id, purpose, channel, is_permitted, contact_point, reason from marts.contact_permissions"
        ).fetchall()
        keys = {customer: key for key, customer in ids.items()}
        go.why = {(keys[customer], purpose, channel): reason for customer, purpose, channel, _, _, reason in rows}
        return {
            (keys[c], purpose, channel): point for c, purpose, channel, is_permitted, point, _ in rows if is_permitted
        }

    go.resolve, go.compiled = resolve, compiled
    return go


def said(key: str, status: str = "granted", at: str = "2026-01-01", **more) -> dict:
    """One statement; granted it has its evidence."""
    statement = {"person_key": key, "purpose": "survey", "channel": "email", "status": status, "stated_at": datetime.fromisoformat(at),
                 "contact_point": f"{key}@x.se", "wording_version": "w1", "capture_source": "form"}  # fmt: skip
    return statement | more


ANNA, BO = person("anna", email="anna@x.se", phone="+46701112233"), person("bo", "Bo", "Dahl", email="bo@x.se")
SURVEY = ("anna", "survey", "email")


def test_rule_01_nothing_is_permitted_that_was_not_granted_for_exactly_that(permitted):
    assert permitted([ANNA, BO]) == {}
    assert permitted([ANNA, BO], consent_events=[said("anna")]) == {SURVEY: "anna@x.se"}
    unknown = said("anna", purpose="telepathy", confirmed_at=datetime(2026, 1, 2))
    assert permitted([ANNA, BO], consent_events=[unknown]) == {}


def test_rule_02_a_grant_has_its_time_and_evidence_and_ends(permitted):
    assert permitted([ANNA], consent_events=[said("anna", at="2026-07-01")]) == {}  # of tomorrow
    assert permitted([ANNA], consent_events=[said("anna", wording_version=None)]) == {}
    assert permitted([ANNA], consent_events=[said("anna", contact_point=None)]) == {}
    until = said("anna", expires_at=datetime(2026, 6, 1))
    assert permitted([ANNA], consent_events=[until]) == {} and permitted.why[SURVEY] == "the grant has expired"
    assert permitted([ANNA], at="2026-05-31", consent_events=[until]) == {SURVEY: "anna@x.se"}
    # a newsletter wants the second click, and counts from it
    letter = said("anna", purpose="newsletter")
    assert permitted([ANNA], consent_events=[letter]) == {}
    confirmed = letter | {"confirmed_at": datetime(2026, 1, 2)}
    assert permitted([ANNA], consent_events=[confirmed]) == {("anna", "newsletter", "email"): "anna@x.se"}


def test_rule_03_no_purpose_or_channel_follows_from_another(permitted):
    assert set(permitted([ANNA], consent_events=[said("anna")])) == {SURVEY}
    assert set(permitted([ANNA], consent_events=[said("anna", purpose="profiling")])) == {
        ("anna", "profiling", "email")
    }


def test_rule_04_a_withdrawal_anywhere_denies_all_until_a_strictly_later_grant(permitted):
    both = [ANNA, person("other", email="second@x.se", phone="+46701112233")]  # one customer by the phone
    granted, withdrawn = said("anna"), said("other", "withdrawn", "2026-02-01", contact_point="second@x.se")
    assert permitted(both, consent_events=[granted, withdrawn]) == {}
    anew = said("anna", at="2026-02-01")
    assert permitted(both, consent_events=[granted, withdrawn, anew]) == {}  # a tie denies
    later = said("anna", at="2026-02-02")
    assert list(permitted(both, consent_events=[granted, withdrawn, later]).values()) == [
        "anna@x.se"
    ]  # that address only
    again = said("other", "withdrawn", "2026-03-01")
    assert permitted(both, consent_events=[granted, withdrawn, later, again]) == {}
    ahead = said("other", "withdrawn", "2027-01-01")
    assert permitted(both, consent_events=[granted, ahead]) == {}


def test_rule_05_a_merge_never_adds_permission(permitted):
    statements = [said("anna"), said("bo", "withdrawn", "2026-03-01")]
    apart = permitted([ANNA, BO], consent_events=statements)
    assert set(apart) == {SURVEY}
    one = [ANNA, person("bo", email="anna@x.se")]
    assert permitted(one, consent_events=statements) == {}
    assert permitted([ANNA, BO], consent_events=statements) == apart


def test_rule_06_an_objection_ends_all_direct_marketing_and_its_profiling(permitted):
    fresh = [{"register": "nix_telefon", "version_on": "2026-05-31", "phone": "+46709999999"}]
    granted = [said("anna", purpose=p, channel=c, confirmed_at=datetime(2026, 1, 2))
               for p in ("newsletter", "offers", "profiling", "survey") for c in ("email", "sms", "phone")]  # fmt: skip
    assert len(permitted([ANNA], consent_events=granted, reservations=fresh)) == 12
    objection = said("anna", "withdrawn", "2026-03-01", purpose="direct_marketing")
    left = permitted([ANNA], consent_events=[*granted, objection], reservations=fresh)
    assert {purpose for _, purpose, _ in left} == {"survey"} and len(left) == 3
    anew = said("anna", purpose="offers", at="2026-04-01", confirmed_at=datetime(2026, 4, 2))
    later = permitted([ANNA], consent_events=[*granted, objection, anew], reservations=fresh)
    assert set(later) - set(left) == {("anna", "offers", "email")}


def test_rule_06_an_objection_that_is_made_here_stands_when_customers_merge(permitted, warehouse, resolve):
    """`kundbild object` notes it with each record: whoever the customer is tomorrow, it is theirs."""
    alone = person("alone", "Anna", "Berg", email="other@x.se")
    customer = resolve(ANNA, alone)["anna"]
    prepare_requests(warehouse)
    assert object_to_marketing(warehouse, customer, datetime(2026, 3, 1), "r1") == 1
    granted = [said("alone", purpose="offers", confirmed_at=datetime(2026, 1, 2)), said("alone")]
    assert set(permitted([ANNA, alone], consent_events=granted)) == {
        ("alone", "offers", "email"),
        ("alone", "survey", "email"),
    }
    together = alone | {"phone": ANNA["phone"], "email": ANNA["email"]}
    assert {purpose for _, purpose, _ in permitted([ANNA, together], consent_events=granted)} == {"survey"}


@pytest.mark.parametrize("seed", range(3))
def test_rule_07_more_refusals_never_permit_more_and_order_never_matters(permitted, seed):
    """A hundred customers with statements drawn at random: of so many some meet every case."""
    draw = random.Random(seed)
    people = [person(f"p{n}", None, None, email=f"p{n}@x.se", phone=f"+4670111{n:04d}") for n in range(100)]

    def drawn(most: int) -> list[dict]:
        months = ("2026-01-01", "2026-02-01", "2026-03-01", "2027-01-01")
        return [
            said(p["source_key"], draw.choice(["granted", "withdrawn"]), draw.choice(months), channel=draw.choice(["email", "phone"]))
            for p in people
            for _ in range(draw.randint(0, most))
        ]  # fmt: skip

    def reserved(numbers: list[dict]) -> list[dict]:
        return [{"register": "nix_telefon", "version_on": "2026-05-15", "phone": p["phone"]} for p in numbers]

    statements, nix = drawn(4), reserved(draw.sample(people, 10))
    allowed = permitted(people, consent_events=statements, reservations=nix)
    assert 20 < len(allowed) < 150
    others = [draw.sample(rows, len(rows)) for rows in (people, statements, nix)]
    assert permitted(others[0], consent_events=others[1], reservations=others[2]) == allowed
    refused = [{**statement, "status": "withdrawn"} for statement in drawn(2)]
    more = [*nix, *reserved(draw.sample(people, 20))]
    fewer = permitted(people, consent_events=[*statements, *refused], reservations=more)
    assert fewer.items() < allowed.items()


REGISTERS = [
    ("SE", "phone", "nix_telefon", 62, {"phone": "070-111 22 33"}),
    ("SE", "post", "nix_adresserat", 93, {}),
    ("NO", "phone", "reservasjonsregisteret", 31, {"phone": "0046 70 111 22 33"}),
    ("NO", "post", "reservasjonsregisteret", 31, {}),
    ("DK", "phone", "robinson", 93, {"phone": "+46 70-111 22 33"}),
    ("DK", "post", "robinson", 93, {}),
]


def register_closes(permitted, country: str, channel: str, register: str, days: int, entry: dict) -> None:
    """Whoever stands in a fresh version is not reached on the channel; an old one closes it to the whole country."""
    home = {"street": "Storgatan 1", "postal_code": "11122", "city": "Byen", "country_code": country}
    people = [ANNA | home, BO | home | {"street": "Bygatan 2"}]
    granted = [said(key, channel=channel) for key in ("anna", "bo")]
    named = {"given_name": "Anna", "family_name": "BERG", "street": "storgatan 1", "postal_code": "111 22"}

    def wash(version: str, row: dict) -> set[str]:
        entries = [{"register": register, "version_on": version, **row}]
        return {key for key, *_ in permitted(people, consent_events=granted, reservations=entries)}

    somebody_else = {"phone": "+46709999999", "family_name": "Ek", "street": "Annan 9", "postal_code": "99999"}
    assert wash("2026-05-31", somebody_else) == {"anna", "bo"}
    assert wash("2026-05-31", entry or named) == {"bo"}
    assert permitted.why["anna", "survey", channel] == f"reserved in {register}"
    oldest = datetime(2026, 6, 1).toordinal() - days
    assert wash(str(datetime.fromordinal(oldest).date()), somebody_else) == {"anna", "bo"}
    assert wash(str(datetime.fromordinal(oldest - 1).date()), somebody_else) == set()
    assert f"the register {register} is missing or too old" == permitted.why["bo", "survey", channel]


def test_rule_08_email_wants_consent_or_where_it_is_allowed_a_soft_opt_in_of_who_bought(
    permitted, compiled, warehouse, tmp_path
):
    def allowed(*statements: dict, bought: str | None = "2025-12-24") -> set[tuple[str, str]]:
        warehouse.execute(
            "create schema if not exists marts; create or replace table marts.fct_orders (customer_id varchar, ordered_at timestamp)"
        )
        if bought:
            customer = permitted.resolve(ANNA)["anna"]
            warehouse.execute("insert into marts.fct_orders values (?, ?)", [customer, bought])
        return {(purpose, channel) for _, purpose, channel in permitted([ANNA], consent_events=list(statements))}

    soft = [
        said("anna", purpose="offers", channel=channel, legal_basis="Soft opt-in")
        for channel in ("email", "sms", "phone")
    ]
    assert allowed(*soft) == set()
    assert (
        allowed(
            said("anna", legal_basis="legitimate interest"), said("anna", purpose="profiling", legal_basis="contract")
        )
        == set()
    )
    assert allowed(said("anna", legal_basis="Consent")) == {("survey", "email")}
    compiled_before = dict(compiled)
    compiled.update(compiled_with(tmp_path / "soft", soft_opt_in=True))
    try:
        assert allowed(*soft) == {("offers", "email"), ("offers", "sms")}
        assert allowed(*soft, bought=None) == allowed(*soft, bought="2026-02-01") == set()
        assert allowed(*soft, said("anna", "withdrawn", "2026-02-01", purpose="offers")) == {("offers", "sms")}
        assert allowed(*soft, said("anna", "withdrawn", "2026-02-01", purpose="direct_marketing")) == set()
        assert allowed(said("anna", legal_basis="soft opt-in")) == set()  # a survey is no offer
        assert allowed(soft[0] | {"wording_version": None}) == set()
    finally:
        compiled.update(compiled_before)


@pytest.mark.parametrize("register", REGISTERS[:1], ids=lambda r: r[2])
def test_rule_09_sweden_phone(permitted, register):
    register_closes(permitted, *register)


@pytest.mark.parametrize("register", REGISTERS[1:2], ids=lambda r: r[2])
def test_rule_10_sweden_post(permitted, register):
    register_closes(permitted, *register)


@pytest.mark.parametrize("register", REGISTERS[2:4], ids=lambda r: r[1])
def test_rule_11_norway_phone_and_post(permitted, register):
    register_closes(permitted, *register)


@pytest.mark.parametrize("register", REGISTERS[4:], ids=lambda r: r[1])
def test_rule_12_denmark_phone_and_post(permitted, register):
    register_closes(permitted, *register)


def test_rule_13_a_reservation_blocks_without_any_withdrawal_consent_or_not(permitted):
    entries = [{"register": "nix_telefon", "version_on": "2026-05-31", "phone": "0701112233"}]
    assert permitted([ANNA], consent_events=[said("anna", channel="phone")], reservations=entries) == {}
    # and closes no other channel
    assert set(permitted([ANNA], consent_events=[said("anna")], reservations=entries)) == {SURVEY}


def test_rule_14_a_register_that_was_never_delivered_closes_its_channel(permitted):
    granted = [said("anna", channel="phone"), said("anna")]
    assert set(permitted([ANNA], consent_events=granted)) == {SURVEY}
    nowhere = [ANNA | {"country_code": None}]
    assert set(permitted(nowhere, consent_events=granted)) == {SURVEY}
    assert permitted.why["anna", "survey", "phone"] == "the country, and with it the register, is not known"


@pytest.mark.parametrize(
    ("person_has", "register_has"),
    [
        ({"phone": "070-111 22 33"}, {"phone": "+46 (0)70 111 22 33"}),
        ({"phone": "0046701112233"}, {"phone": "0701112233"}),
        ({"family_name": "Åström", "street": "Ågatan 1 A"}, {"family_name": "ASTROM", "street": "agatan 1a"}),
        ({"street": "Storgatan 1 lgh 1102"}, {"family_name": "Berg", "street": "STORG 1"}),
        ({"family_name": "Bjørn-Hansen", "street": "Ågatan 1"}, {"family_name": "Bjorn Hansen", "street": "ÅGATAN  1"}),
    ],
)
def test_rule_16_match_keys_are_normalised_before_a_register_is_compared(permitted, person_has, register_has):
    channel = "phone" if "phone" in person_has else "post"
    register = "nix_telefon" if channel == "phone" else "nix_adresserat"
    somebody = ANNA | {"phone": None, "postal_code": "SE-111 22", "city": "Byen"} | person_has
    entry = {"register": register, "version_on": "2026-05-31", "postal_code": "SE 11122", **register_has}
    granted = [said("anna", channel=channel)]
    other = entry | {"phone": "+46709999999", "street": "Annan 9"}
    assert permitted([somebody], consent_events=granted, reservations=[other]) != {}
    assert permitted([somebody], consent_events=granted, reservations=[entry]) == {}


@pytest.fixture
def history(permitted, warehouse):
    """What held at a time by what had been said: {(source_key, purpose, channel): contact point}."""

    def at(moment: str) -> dict[tuple[str, str, str], str]:
        rows = warehouse.execute(
            "select s.source_key, h.purpose, h.channel, h.contact_point from marts.contact_permission_history h "
            "join identity.customer_source_records s using (customer_id) where s.valid_to is null and h.is_permitted "
            f"and h.valid_from <= timestamp '{moment}' and coalesce(h.valid_to > timestamp '{moment}', true)"
        ).fetchall()
        return {(key, purpose, channel): point for key, purpose, channel, point in rows}

    return at


def test_what_was_permitted_is_known_for_every_time(permitted, history):
    permitted(
        [ANNA],
        consent_events=[
            said("anna", at="2026-01-01", expires_at=datetime(2026, 5, 1)),
            said("anna", "withdrawn", at="2026-02-01", contact_point=None),
            said("anna", at="2026-03-01", contact_point="ny@x.se", expires_at=datetime(2026, 4, 1)),
            said("anna", at="2026-03-10", wording_version=None),
        ],
    )
    expected = {
        "2025-12-31": {}, "2026-01-01": {SURVEY: "anna@x.se"}, "2026-01-31 23:59:59": {SURVEY: "anna@x.se"}, "2026-02-01": {},
        "2026-03-01": {SURVEY: "ny@x.se"}, "2026-03-20": {SURVEY: "ny@x.se"}, "2026-04-01": {}, "2026-06-01": {},
    }  # fmt: skip
    assert {moment: history(moment) for moment in expected} == expected


def test_what_was_permitted_now_is_what_the_history_says_of_now(permitted, history):
    chance = random.Random(3)
    people = [person(f"p{n}", f"Given{n}", f"Family{n}", email=f"p{n}@x.se") for n in range(60)]
    events = [
        said(
            f"p{n}", chance.choice(["granted", "withdrawn"]), at=f"2026-0{chance.randint(1, 5)}-0{chance.randint(1, 9)}",
            purpose=chance.choice(["survey", "offers"]), contact_point=chance.choice([f"p{n}@x.se", f"q{n}@x.se", None]),
            confirmed_at=chance.choice([None, datetime(2026, 5, 9)]), expires_at=chance.choice([None, datetime(2026, 5, 20), datetime(2026, 7, 1)]),
        )
        for n in range(60) for _ in range(chance.randint(1, 6))
    ]  # fmt: skip
    now = permitted(people, consent_events=events)
    assert now == history("2026-06-01") and 10 < len(now) < 110


def test_a_withdrawal_outlives_the_record_that_made_it(permitted):
    """The email tool forgets a subscriber; what they said there stands for whoever the customer is now."""
    subscriber = person("sub", email="anna@x.se", phone="+46701112233")
    events = [said("anna"), said("sub", "withdrawn", at="2026-02-01")]
    assert permitted([ANNA, subscriber], consent_events=events) == {}
    assert permitted([ANNA], consent_events=events) == {}
    # but a grant does not: whose record is gone is not written to by it
    assert permitted([ANNA], consent_events=[said("sub")]) == {}


def test_a_message_was_lawful_by_what_held_when_it_was_sent(permitted, warehouse):
    def sent(number: int, at: str, point: str = "anna@x.se", campaign: str = "c1", who: str = "anna") -> dict:
        return {
            "source_key": f"m{number}",
            "person_key": who,
            "kind": "sent",
            "campaign_key": campaign,
            "contact_point": point,
            "occurred_at": datetime.fromisoformat(at),
        }

    permitted(
        [ANNA],
        campaigns=[{"source_key": "c1", "purpose": "survey"}, {"source_key": "c2", "purpose": None}],
        consent_events=[said("anna"), said("anna", "withdrawn", at="2026-02-01")],
        email_events=[
            sent(0, "2025-12-01"), sent(1, "2026-01-15", "ANNA@x.se "), sent(2, "2026-01-15", "other@x.se"), sent(3, "2026-02-01"),
            sent(4, "2026-01-15", campaign="c2"), sent(5, "2026-01-15", who="nobody"),
        ],
    )  # fmt: skip
    found = warehouse.execute(
        "select source_key, is_lawful, reason, deciding_event from marts.fct_contact_compliance order by 1"
    ).fetchall()
    assert found == [
        ("m0", False, "nothing was granted before", None),
        ("m1", True, "granted", "crm:consent_events0"),
        ("m2", False, "granted for another address", "crm:consent_events0"),
        ("m3", False, "withdrawn", "crm:consent_events1"),
        ("m4", False, "what it was sent for is not known", None),
        ("m5", False, "nobody is known whom it went to", None),
    ]


def test_rule_20_an_address_refresh_wins_only_with_a_newer_date_and_says_where_it_is_from(permitted, warehouse):
    anna = person(
        "anna",
        given_name="Åsa",
        family_name="Berg",
        birth_date="1980-05-05",
        street="Storgatan 1",
        postal_code="11122",
        city="Stockholm",
    )

    def address(changed: str | None, *entries: dict) -> tuple | None:
        named = {"given_name": "ÅSA", "family_name": "berg", "birth_date": "1980-05-05", "source_system": "registers"}
        permitted([anna], address_updates=[{**named, **entry} for entry in entries])
        warehouse.execute("update conformed.conformed_people set updated_at = ?", [changed])
        warehouse.execute(f"create or replace table identity.golden_records as {permitted.compiled['golden_records']}")
        found = "select address.value.street, address.value.postal_code, address.source_system || ':' || address.source_key, address.changed_at::date::varchar"
        return warehouse.execute(f"{found} from identity.golden_records").fetchall()[0]

    moved = {
        "source_key": "e1",
        "street": "Nygatan 9",
        "postal_code": "22233",
        "city": "Lund",
        "effective_on": "2026-03-01",
    }
    own, registered = ("Storgatan 1", "11122", "crm:anna"), ("Nygatan 9", "22233", "registers:e1")
    assert address("2026-02-01", moved) == (*registered, "2026-03-01")
    assert address("2026-04-01", moved) == (*own, "2026-04-01")
    assert address("2026-03-01", moved) == (*own, "2026-03-01")
    # the newest entry, and none of tomorrow, of another person, without an address, or of protected identity
    older = moved | {"source_key": "e0", "street": "Gamla gatan 3", "effective_on": "2026-02-15"}
    assert address("2026-02-01", moved, older) == (*registered, "2026-03-01")
    for nothing in (
        {"effective_on": "2026-07-01"},
        {"given_name": "Eva"},
        {"postal_code": None},
        {"is_protected": True},
    ):
        assert address("2026-02-01", moved | nothing)[:3] == own, nothing
