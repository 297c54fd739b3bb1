"""A publication of before there was a grade lacks its file, and is whole. Not here: files that are gone (test_cut_publications.py)."""

from __future__ import annotations

import json

import duckdb

from orchestration.core.home import Home
from orchestration.publishing.grades import ANALYST, OPEN, PARQUET_FOLDER, PEOPLE
from orchestration.publishing.versions import MANIFEST, broken_parts, missing_parts


def test_a_grade_that_a_publication_never_had_is_not_missing(tmp_path):
    home = Home(tmp_path)
    folder = home.published / "versions" / "1"
    (folder / PARQUET_FOLDER).mkdir(parents=True)
    for grade in (ANALYST, PEOPLE):
        duckdb.connect(str(folder / grade.file)).close()
    held = {"version": "1", "run_id": "r", "published_at": "2026-04-01", "tables": {"bi.facts": 1, "marts.people": 1}}
    (folder / MANIFEST).write_text(json.dumps(held))
    assert broken_parts(home, "1") == [] and missing_parts(home, "1") == [OPEN.file]
    held["tables"]["bi_open.counts"] = 1
    (folder / MANIFEST).write_text(json.dumps(held))
    assert broken_parts(home, "1") == [OPEN.file]
