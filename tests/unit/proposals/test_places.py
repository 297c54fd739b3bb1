"""Places of files after --from: no password of one is written or told, and what is not there is said."""

from __future__ import annotations

import fsspec
import pytest

from orchestration.core.errors import ConfigurationError, KundbildError
from orchestration.proposals.places import FileGroup, page_groups, sheet_groups
from orchestration.proposals.propose import propose

SECRET = "hunter2"


@pytest.fixture
def served():
    """Files of a server whose address has a password in it."""
    system = fsspec.filesystem("memory")
    address = f"memory://shop:{SECRET}@files.example.com/in"
    system.pipe(f"{address}/customers.csv", b"customer_id,email\n1,a@example.com\n2,b@example.com\n")
    system.pipe(f"{address}/empty/notes.md", b"x")
    system.pipe(f"{address}/unknown.csv", b"a,b\n1,2\n")
    yield address
    system.rm("/", recursive=True)


@pytest.mark.parametrize("file", ["", "/customers.csv"])
def test_a_password_of_an_address_is_a_variable_in_the_block(served, file):
    found = propose("shop", served + file, "SEK")
    assert SECRET not in found.block and "memory://shop:${SHOP_PASSWORD}@files.example.com/in" in found.block
    assert found.variables == {"SHOP_PASSWORD": SECRET} and SECRET not in repr(found)


@pytest.mark.parametrize("file", ["/empty", "/nothing.csv", "/nothing", "/unknown.csv"])
def test_an_error_tells_no_password(served, file):
    with pytest.raises(KundbildError) as caught:
        propose("shop", served + file, "SEK")
    assert SECRET not in f"{caught.value} {caught.value.where} {caught.value.to_do}"


def test_a_file_that_is_not_at_a_server_is_said(served):
    with pytest.raises(ConfigurationError, match="no such file"):
        propose("shop", f"{served}/nothing.csv", "SEK")


@pytest.mark.parametrize("parted", [sheet_groups, page_groups])
def test_a_part_of_a_file_that_is_called_as_the_file_keeps_the_name_unless_another_file_has_it(parted):
    book = FileGroup("kundlista", "Kundlista 2025.x", "x", ("Kundlista 2025.x",))
    taken = {"kundlista", "order"}
    assert [one.table for one in parted(book, ["Kundlista", "Order"], taken)] == ["kundlista", "order_2"]
    assert [one.table for one in parted(book, ["kundlista"], {"kundlista"})] == ["kundlista"]
