"""Columns that the configuration says are not read: a night does not tell of them again, and of every other one it does."""

from __future__ import annotations

import json

import dagster as dg
import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.warehouse import open_warehouse
from orchestration.defs.extract import raw_assets
from orchestration.defs.resources import NightResource
from orchestration.proposals.propose import propose
from orchestration.proposals.written import write_source
from orchestration.run.progress import watching


@pytest.fixture
def told(home, monkeypatch, tmp_path):
    """What a load tells of columns, by the configuration there."""
    path = tmp_path / "kundbild.toml"
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(path))

    def load() -> list[str]:
        notes: list[str] = []
        job = dg.Definitions(
            assets=raw_assets(load_settings(path)), resources={"night": NightResource()}, jobs=[dg.define_asset_job("part")]
        ).resolve_job_def("part")  # fmt: skip
        with watching(lambda _, detail: notes.append(detail)):
            assert job.execute_in_process(raise_on_error=False).success
        return [note for note in notes if "not loaded" in note]

    return load


def sales(tmp_path, header, file="orders"):
    folder = tmp_path / "in"
    folder.mkdir(exist_ok=True)
    values = {
        "order_id": "1",
        "customer_id": "c1",
        "order_date": "2026-01-01",
        "total": "9.50",
        "Gift Wrap": "b",
        "shelf": "x",
        "crate": "z",
    }
    lines = [[f"{n}" if name == "order_id" else values[name] for name in header] for n in (1, 2)]
    (folder / f"{file}.csv").write_text("\n".join(",".join(line) for line in [header, *lines]) + "\n")
    return folder


KNOWN = ["order_id", "customer_id", "order_date", "total"]


def test_what_the_block_says_is_not_read_is_told_no_more_and_what_is_new_is(home, tmp_path, told):
    folder = sales(tmp_path, [*KNOWN, "Gift Wrap", "shelf"])
    found = propose("shop", str(folder), "SEK")
    assert 'not_read = ["Gift Wrap", "shelf"]\n' in found.block
    write_source(tmp_path / "kundbild.toml", found.block)
    assert told() == []
    with open_warehouse(home, load_settings(tmp_path / "kundbild.toml").engine) as con:
        added = con.execute("select added_columns from ops.loads where table_name = 'orders'").fetchall()
        assert added == [(["Gift Wrap", "shelf"],)], "the books of the load name them all"
        assert not {"Gift Wrap", "shelf"} & {
            c for (c,) in con.execute("select column_name from (describe raw_shop.orders)").fetchall()
        }
    sales(tmp_path, [*KNOWN, "Gift Wrap", "shelf", "crate"])
    (note,) = told()
    assert "not loaded: crate; to keep one" in note and 'not_read = ["Gift Wrap", "shelf", "crate"] below' in note


def test_without_the_setting_every_column_is_told_with_the_line_that_ends_it(tmp_path, told):
    folder = sales(tmp_path, [*KNOWN, "shelf"])
    block = propose("shop", str(folder), "SEK").block.replace('not_read = ["shelf"]\n', "")
    write_source(tmp_path / "kundbild.toml", block)
    (note,) = told()
    assert "not loaded: shelf;" in note and 'write not_read = ["shelf"] below [sources.shop.tables.orders]' in note


def test_names_of_people_in_the_configuration_are_not_repeated_in_the_log(tmp_path, told):
    folder = tmp_path / "in"
    folder.mkdir()
    rows = [
        {"order_id": f"{n}", "customer_id": f"c{n}", "order_date": "2026-01-01", "total": 9.5, "Eva Dahl": "x"}
        for n in (1, 2)
    ]
    (folder / "orders.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    write_source(tmp_path / "kundbild.toml", propose("shop", str(folder), "SEK").block)
    (folder / "orders.jsonl").write_text("\n".join(json.dumps(row | {"shelf": "x"}) for row in rows) + "\n")
    (note,) = told()
    assert "not loaded: *** (more than a word), shelf;" in note and "Dahl" not in note and "not_read" not in note


def test_a_column_is_read_or_not(tmp_path):
    folder = sales(tmp_path, [*KNOWN, "shelf"])
    block = propose("shop", str(folder), "SEK").block.replace('not_read = ["shelf"]', 'not_read = ["total"]')
    with pytest.raises(ConfigurationError, match="total: among the columns, and not_read"):
        write_source(tmp_path / "kundbild.toml", block)
