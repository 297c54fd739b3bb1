"""The pepper: kept apart, private, the same for ever; and the keyed hashes that are made with it."""

from __future__ import annotations

import hashlib
import hmac
import stat

import pytest

from orchestration.core.errors import KundbildError
from orchestration.privacy.secrets.pepper import Pepper, find_pepper, pepper_file
from orchestration.privacy.secrets.pseudonyms import key_customers
from tests.unit.people import person

PEPPER = "a pepper of the tests, thirty-two long"


@pytest.fixture(autouse=True)
def own_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))


@pytest.mark.parametrize("pepper", [PEPPER, PEPPER * 4], ids=["short", "longer than a block"])
def test_duckdb_makes_the_hashes_of_rfc_2104(warehouse, pepper):
    made = Pepper((pepper,))
    for value in ("", "+46701234567", "åsa@berg.se", "x" * 1000):
        own = hmac.new(pepper.encode(), value.encode(), hashlib.sha256).hexdigest()
        query = f"select {made.hashed_sql('$value')}"
        assert warehouse.execute(query, {"value": value, **made.parameters()}).fetchall() == [(own,)]
        assert made.hashed(value) == own


def test_it_is_made_once_is_private_and_lies_outside_the_home(warehouse, home):
    pepper = find_pepper(warehouse, ())
    path = pepper_file()
    assert pepper.count == 1 and len(pepper.secrets[0]) == 64 and path.read_text().strip() == pepper.secrets[0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert home.root not in path.parents
    assert find_pepper(warehouse, ()) == pepper
    held = str(warehouse.execute("from restricted.pepper_check").fetchall())
    assert pepper.secrets[0] not in held and pepper.secrets[0] not in repr(pepper)


def test_a_pepper_that_is_gone_another_or_open_to_others_is_refused(warehouse):
    path = pepper_file()
    pepper = find_pepper(warehouse, ())
    path.chmod(0o644)
    with pytest.raises(KundbildError, match="others may read"):
        find_pepper(warehouse, ())
    path.chmod(0o600)
    path.write_text("f" * 64)
    with pytest.raises(KundbildError, match="not the one that this warehouse's"):
        find_pepper(warehouse, ())
    path.write_text("short")
    with pytest.raises(KundbildError, match="fewer than 32"):
        find_pepper(warehouse, ())
    path.unlink()
    with pytest.raises(KundbildError, match="is gone"):
        find_pepper(warehouse, ())
    assert not path.exists()
    # kept elsewhere, it may come by configuration
    assert find_pepper(warehouse, pepper.secrets) == pepper
    with pytest.raises(KundbildError, match="not the one"):
        find_pepper(warehouse, [PEPPER])


def test_a_customer_has_one_pseudonym_for_ever_that_nobody_makes_without_the_pepper(resolve, warehouse):
    def keys() -> dict[str, str]:
        return dict(warehouse.execute("from identity.customer_keys").fetchall())

    resolve(person("1", email="a@berg.se"))
    assert key_customers(warehouse, Pepper((PEPPER,))) == 1
    before = keys()
    resolve(person("1", email="a@berg.se"), person("2", "Bo", email="b@berg.se"))
    assert key_customers(warehouse, Pepper((PEPPER,))) == 2
    assert before.items() <= keys().items()
    for customer_id, key in keys().items():
        assert (
            key
            == Pepper((PEPPER,)).hashed(f"bi:{customer_id}")[:32]
            != Pepper((PEPPER[1:],)).hashed(f"bi:{customer_id}")[:32]
        )
