"""How well identities are resolved on public labelled people, as a user measures it: by the command, default settings."""

from __future__ import annotations

import json

import duckdb
import pytest

from tests.conftest import Kundbild, shared

FAKE_1000 = (
    "--truth",
    "cluster",
    "--map",
    "first_name=given_name",
    "--map",
    "surname=family_name",
    "--map",
    "dob=birth_date",
)
FEBRL3 = (
    "--truth", "person", "--map", "surname=family_name", "--map", "date_of_birth=birth_date", "--map", "address_1=street",
    "--map", "postcode=postal_code", "--map", "suburb=city",
)  # fmt: skip


@pytest.fixture
def evaluate(tmp_path):
    def go(*arguments: str) -> dict:
        done = Kundbild(tmp_path / "home", tmp_path / "kundbild.toml")("identity", "evaluate", *arguments, "--json")
        return json.loads(done.stdout)

    return go


def test_fake_1000(evaluate):
    scores = evaluate(str(shared("fake_1000") / "fake_1000.csv"), *FAKE_1000)
    assert scores["records"] == 1000 and scores["true_customers"] == 251
    assert scores["pair_precision"] >= 0.99 and scores["pair_f1"] >= 0.94 and scores["b_cubed_f1"] >= 0.95


@pytest.mark.slow
def test_febrl3(evaluate, tmp_path):
    people = tmp_path / "febrl3.parquet"
    with duckdb.connect() as con:
        con.execute(
            "copy (select * exclude (rec_id, soc_sec_id), regexp_extract(rec_id, '^rec-[0-9]+') as person from "
            f"read_csv('{shared('febrl3') / 'dataset3.csv'}', all_varchar = true, normalize_names = true)) to '{people}'"
        )
    scores = evaluate(str(people), *FEBRL3)
    assert scores["records"] == 5000 and scores["true_customers"] == 2000
    assert scores["pair_precision"] >= 0.999 and scores["pair_f1"] >= 0.988


def test_a_mapping_or_truth_that_is_not_there_says_what_is(tmp_path):
    kundbild = Kundbild(tmp_path / "home", tmp_path / "kundbild.toml")
    people = tmp_path / "people.csv"
    people.write_text("name,who\nAnna Berg,1\nAnna Berg,1\n")
    for arguments, said in (
        (("--truth", "gone"), "the file has no column gone"),
        (("--truth", "who", "--map", "nobody=email"), "the file has no column nobody"),
        (("--truth", "who", "--map", "name=nonsense"), "conformed people have no column nonsense"),
        (("--truth", "who", "--map", "name"), "--map name is not a mapping"),
    ):
        done = kundbild("identity", "evaluate", str(people), *arguments, code=2)
        assert said in done.stderr and "Traceback" not in done.stderr
    done = kundbild("identity", "evaluate", str(tmp_path / "nowhere.csv"), "--truth", "who", code=2)
    assert "there is no such file" in done.stderr
