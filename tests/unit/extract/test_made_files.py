"""A file that an API makes first: what is told where it makes none."""

from __future__ import annotations

import pytest
import requests

from orchestration.core.errors import SourceError
from orchestration.core.settings import Source, Table
from orchestration.core.settings.paging import Made, Paging
from orchestration.extract.budget import Budget
from orchestration.extract.made_files import MadeFile
from tests.unit.extract.loopback import serving

MADE = {"said": {"job": "job", "file": "file"}, "ask": "{job}", "fetch": "{file}/file", "status": "status", "done": "complete", "failed": ["failed"]}  # fmt: skip


def fetched(answers, minutes=1.0):
    """What becomes of the answers that an API gives, one after the other."""
    left = iter(answers)
    with serving(lambda asked: next(left)) as url, requests.Session() as session:
        begun = session.post(f"{url}/exports?x=1", json={})
        return MadeFile("s", "t", Made(**MADE), Budget("s", minutes), requests.Session).fetched(begun).json()


def test_the_file_is_fetched_by_what_either_answer_said_of_it():
    begun, later = {"job": "a/b", "status": "queued"}, {"file": "f", "status": "complete"}
    assert fetched([begun, later, {"rows": [1]}]) == {"rows": [1]}


@pytest.mark.parametrize(
    ("answers", "told", "is_passing", "is_whole_source"),
    [
        ([{"job": 1, "status": "queued"}, {"status": "failed"}], "made no file", True, False),
        ([{"job": 1}], "made no file of the rows: status is None", False, False),
        ([{"status": "queued"}], "does not say job", False, False),
        ([{"job": 1, "status": "complete"}], "does not say file", False, False),
        ([{"job": 1, "status": "queued"}, ({}, 503, {})], "answers 503", True, False),
        ([{"job": 1, "status": "queued"}, ({}, 401, {})], "answers 401", False, True),
    ],
)
def test_no_file_is_an_error_of_the_table_and_is_tried_again_where_that_may_help(
    answers, told, is_passing, is_whole_source
):
    with pytest.raises(SourceError, match=told) as caught:
        fetched(answers)
    assert (caught.value.is_passing, caught.value.is_whole_source) == (is_passing, is_whole_source)


def test_a_file_that_is_never_made_ends_with_the_time_of_the_source():
    with pytest.raises(SourceError, match="took longer"):
        fetched([{"job": 1, "status": "queued"}] * 20, minutes=0.02)


def test_a_file_has_all_rows_and_is_of_an_api():
    table = Table(columns={"id": "VARCHAR"}, made=Made(**MADE), body={})
    with pytest.raises(ValueError, match=r"paging\.next = none"):
        Source(connector="rest", url="https://x.example", tables={"t": table})
    Source(connector="rest", url="https://x.example", paging=Paging(next="none"), tables={"t": table})
    with pytest.raises(ValueError, match="does not say"):
        Made(**MADE | {"ask": "{other}"})
