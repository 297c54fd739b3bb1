"""What `kundbild object` and its sisters leave of the published audiences when they return, on a home made by hand.

Not here: who leaves, by which words (tests/unit/activation/test_shown_audiences.py), what a night makes of it (tests/integration).
"""

from __future__ import annotations

import pytest
import typer

from orchestration.cli import rights as rights_cli
from orchestration.core.clock import now
from orchestration.core.configuration import load_settings
from orchestration.core.migrations import bring_up_to_date
from orchestration.privacy.rights.subjects import Subject
from orchestration.publishing import snapshot
from orchestration.run.erase import erase
from tests.unit.activation.conftest import night  # noqa: F401 # a fixture
from tests.unit.activation.test_shown_audiences import rows, shown

CONFIG = """
company = "T"
[privacy]
second_person = true
[sources.crm]
connector = "files"
url = "/nowhere"
"""
POINTS = {"c-anna", "c-bo", "c-eva", "c-odd"}


@pytest.fixture
def stamped(warehouse, home):
    bring_up_to_date(warehouse, home)


@pytest.fixture
def published(stamped, night, home, write_config, monkeypatch):  # noqa: F811
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(write_config(CONFIG)))
    for schema in ("bi", "bi_open", "segments", "conformed"):
        night.execute(f"create schema if not exists {schema}")
    night.execute(
        "create table conformed.conformed_people (source_system varchar, source_key varchar, given_name varchar, family_name varchar, full_name varchar, "
        "birth_date date, email varchar, phone varchar, country_code varchar, street varchar, deleted_at timestamp)"
    )
    night.execute(
        "create table conformed.conformed_consent_events (person_system varchar, person_key varchar, contact_point varchar, channel varchar, status varchar, deleted_at timestamp)"
    )
    night.execute(
        "create table identity.normalised_people (source_system varchar, source_key varchar, email_key varchar, phone_key varchar, postal_key varchar, street_key varchar)"
    )
    # as a night leaves them: whose contact points were withdrawn from
    night.execute(
        "create table identity.withdrawn_points (contact_point varchar); create table identity.point_holders (contact_point varchar, person_system varchar, person_key varchar)"
    )
    snapshot.publish(night, home, "run-1", now(), keep=3)
    night.close()
    assert rows(home) == (4, 4)
    return home


@pytest.mark.parametrize(
    ("use", "left"),
    [
        (lambda: rights_cli.object_to_marketing(customer="c-anna"), POINTS - {"c-anna"}),
        (lambda: rights_cli.withdraw(customer="c-anna", purpose="newsletter", channel="email"), POINTS - {"c-anna"}),
        (lambda: rights_cli.withdraw(customer="c-anna", purpose="newsletter", channel="sms"), POINTS),
        (lambda: rights_cli.restrict(customer="c-bo"), POINTS - {"c-bo"}),
        # nobody's address by the records, and one that is written to
        (lambda: rights_cli.object_to_marketing(email="Anna@x.se"), POINTS - {"c-anna"}),
        (lambda: rights_cli.restrict(email="anna@x.se"), POINTS - {"c-anna"}),
    ],
)  # fmt: skip
def test_a_request_takes_its_person_out_of_the_published_audiences_when_it_returns(published, use, left):
    try:
        use()
    except typer.Exit as done:
        assert done.exit_code == 3
    assert shown(published).keys() == left and rows(published) == (len(left), len(left))


def test_an_erasure_that_waits_for_a_second_person_takes_its_person_out_at_once(published):
    (outcome,) = erase(published, load_settings(published.root.parent / "kundbild.toml"), [Subject(customer="c-anna")])
    assert outcome.state == "waiting"
    assert shown(published).keys() == POINTS - {"c-anna"}
