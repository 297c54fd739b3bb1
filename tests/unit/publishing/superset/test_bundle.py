"""The bundle on a home's publication, and its datasets as the data dictionary has them."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
import yaml

from orchestration.contracts.dictionary import Column, Entry
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.publishing.superset.bundle import as_yaml, as_zip, bundle_for, read_bundle, renewed_datasets

DATABASE = "databases/kundbild.yaml"
OPEN_DATABASE = "databases/kundbild_open.yaml"
DATASET = "datasets/kundbild/visits.yaml"


def published(root: Path) -> Home:
    home = Home(root).prepare()
    version = home.published / "versions" / "1"
    version.mkdir(parents=True)
    told = {"version": "1", "run_id": "r", "published_at": "2026-11-01", "tables": {"bi.visits": 1}}
    (version / "publication.json").write_text(json.dumps(told))
    (home.published / "current").symlink_to("versions/1")
    return home


def entry(*columns: Column) -> Entry:
    return Entry("bi", "visits", "One row per day.", ("day",), ("marts.visits",), columns)


def column(name: str, kind: str, unit: str = "") -> Column:
    return Column(name, kind, unit, "none", True, f"What {name} is.")


def test_it_reads_the_publication_of_the_home_and_cannot_write_it(tmp_path: Path):
    home = published(tmp_path / "home with a blank")
    database = yaml.safe_load(bundle_for(home, "NOK")[DATABASE])
    assert database["sqlalchemy_uri"] == f"duckdb:///{home.published}/kundbild.duckdb"
    how = database["extra"]["engine_params"]["connect_args"]
    assert how == {"read_only": True, "config": {"enable_external_access": False, "lock_configuration": True}}
    assert not any(database[allowed] for allowed in ("allow_dml", "allow_ctas", "allow_cvas", "allow_file_upload"))
    rounded = yaml.safe_load(bundle_for(home, "NOK")[OPEN_DATABASE])
    assert rounded["sqlalchemy_uri"] == f"duckdb:///{home.published}/open/kundbild_open.duckdb"
    assert rounded["extra"] == database["extra"]
    assert {**bundle_for(home, "NOK"), DATABASE: "", OPEN_DATABASE: ""} == {
        **{name: text.replace("(CURRENCY)", "(NOK)") for name, text in read_bundle().items()},
        DATABASE: "",
        OPEN_DATABASE: "",
    }


def test_a_home_that_it_cannot_read_is_an_error(tmp_path: Path):
    with pytest.raises(KundbildError, match="there is no publication yet"):
        bundle_for(Home(tmp_path / "empty").prepare(), "NOK")
    with pytest.raises(KundbildError, match=r"cannot open a file with \?"):
        bundle_for(published(tmp_path / "which?"), "NOK")


def test_a_zip_has_all_of_it_below_one_folder():
    with zipfile.ZipFile(io.BytesIO(as_zip({"metadata.yaml": "a", DATABASE: "b"}))) as written:
        assert {name: written.read(name) for name in written.namelist()} == {
            "kundbild/metadata.yaml": b"a",
            f"kundbild/{DATABASE}": b"b",
        }


def test_columns_are_those_of_the_table_and_what_superset_computes_is_kept():
    metric = {"metric_name": "visits", "expression": "sum(visit_count)"}
    computed = {"column_name": "year", "expression": "year(day)"}
    old = {"table_name": "visits", "metrics": [metric], "columns": [{"column_name": "gone"}, computed]}
    files = {DATABASE: "uuid: 1", DATASET: as_yaml(old)}
    renewed = renewed_datasets(files, [entry(column("day", "date"), column("visit_count", "bigint", "count"))])
    dataset = yaml.safe_load(renewed[DATASET])
    assert [c["column_name"] for c in dataset["columns"]] == ["day", "visit_count", "year"]
    assert dataset["columns"][1]["description"] == "What visit_count is. Unit: count."
    assert [c["is_dttm"] for c in dataset["columns"][:2]] == [True, False]
    assert dataset["metrics"] == [metric] and dataset["main_dttm_col"] == "day" and dataset["schema"] == "bi"
    again = renewed_datasets(
        {**files, **renewed}, [entry(column("day", "date"), column("visit_count", "bigint", "count"))]
    )
    assert again == renewed


def test_a_dataset_whose_table_is_gone_is_an_error():
    with pytest.raises(KundbildError, match=r"there is no table bi\.visits"):
        renewed_datasets({DATABASE: "uuid: 1", DATASET: "table_name: visits"}, [])
