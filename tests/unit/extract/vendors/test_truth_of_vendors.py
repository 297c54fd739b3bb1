"""Tables of vendors are recognised by their headers, and each of their columns feeds what the vendor's documentation says it is."""

from __future__ import annotations

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.settings import Source
from orchestration.core.settings.maps import EntityMap
from orchestration.extract.vendors import API, forms, lies_within_columns, path_of
from orchestration.proposals.recognised import recognised
from tests.unit.extract.vendors import truth, truth_of_ledgers, truth_of_messages
from tests.unit.extract.vendors.truth import Tables

TRUTH: dict[tuple[str, str], Tables] = {
    (vendor, form): getattr(where, name)
    for where in (truth, truth_of_messages, truth_of_ledgers)
    for name in vars(where)
    for vendor, _, form in [name.lower().rpartition("_")]
    if form in ("export", "landed", "dlt", "airbyte") and vendor
}


def configured(write_config, vendor: str, form: str) -> Source:
    """A source with the tables of the truth, as add-source writes it of their headers."""
    lines = ['company = "T"', "[sources.shop]", 'connector = "files"', 'url = "/x"', f'vendor = "{vendor}"', f'form = "{form}"']  # fmt: skip
    for table, (header, _) in TRUTH[vendor, form].items():
        file = path_of(vendor, form, table, "csv").replace("*", "")
        found = recognised(header.split(","), [file])
        assert found, f"{vendor} {form}: {table} is not recognised"
        assert (found.vendor, found.form, found.table) == (vendor, form, table)
        lines += [f"[sources.shop.tables.{table}]", f"lacks = {[*found.lacks]}"]
    return load_settings(write_config("\n".join(lines) + "\n")).sources["shop"]


def feeds(source: Source, mapped: EntityMap, target: str) -> set[str]:
    """The columns that a target is read from; what a lookup brings is `table.column`."""
    how = mapped.how(target)
    brought = {name: f"{one.table}.{column}" for one in mapped.lookups for name, column in one.columns.items()}
    return {brought.get(column, column) for column in how.columns} if how else set()


def test_each_form_of_each_vendor_has_its_truth():
    # those of an API are held to the server itself, or to what speaks its language, and so is what a loader lands as the API answers it
    told = [(v, form) for v, of in forms().items() for form in of if form != API and not lies_within_columns(v, form)]
    assert TRUTH.keys() == {*told}


@pytest.mark.parametrize(("vendor", "form"), sorted(TRUTH), ids=lambda said: said)
def test_each_column_feeds_what_the_vendor_says_it_is(write_config, vendor, form):
    source = configured(write_config, vendor, form)
    right, wrong = [], []
    for table, (_, expected) in TRUTH[vendor, form].items():
        for said, column in expected.items():
            entity, _, target = said.partition(".")
            maps = [one for one in source.tables[table].maps if one.entity == entity]
            fed = {c for one in maps for c in feeds(source, one, target)}
            (right if column in fed else wrong).append(f"{table}.{column} as {said}, not {sorted(fed)}")
    share = len(right) / (len(right) + len(wrong))
    assert share == 1, f"{share:.2f} of the columns are right; wrong: {wrong}"
