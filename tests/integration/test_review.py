"""A steward at work: the list, masked; the page; a decision; and the night that applies it, unforced."""

from __future__ import annotations

import stat

import pytest

from orchestration.identity.model import DEFAULT_MODEL, Model
from tests.conftest import NIGHT_1, Kundbild
from tests.warm import run_warm


def customers_of(kundbild: Kundbild, *records: str) -> list[str]:
    with kundbild.warehouse() as con:
        found = dict(
            con.execute(
                "select source_system || ':' || source_key, customer_id from marts.bridge_customer_source_records where valid_to is null"
            ).fetchall()
        )
    return [found[record] for record in records]


@pytest.mark.slow
def test_a_pair_is_listed_explained_accepted_and_joined_by_the_next_night(demo_copy: Kundbild, tmp_path):
    listed = demo_copy.json("review", "--limit", "5")
    assert len(listed) == 5
    weights = [pair["weight"] * pair["effect"] for pair in listed]
    assert weights == sorted(weights, reverse=True)
    with demo_copy.warehouse() as con:
        names = {name for (name,) in con.execute("select family_name from marts.dim_customers").fetchall() if name}
    screen = demo_copy("review").stdout
    assert "pairs to review" in screen and not any(f" {name}," in screen for name in names if len(name) > 4)
    pair = listed[0]
    left, right = pair["left"]["record"], pair["right"]["record"]
    before = customers_of(demo_copy, left, right)
    assert before[0] != before[1]
    page = tmp_path / "page.html"
    told = demo_copy("explain", left, "--with", right, "--html", str(page)).stdout
    assert left in told and "beforehand" in told
    assert stat.S_IMODE(page.stat().st_mode) == 0o600 and "<svg" in page.read_text()
    demo_copy("review", "accept", pair["pair_id"], "--note", "called them")
    decided = demo_copy.json("review", "decisions")
    assert [(d["verdict"], d["note"]) for d in decided] == [("same", "called them")]
    outcome = demo_copy.json("run", "--as-of", NIGHT_1)
    assert outcome["is_clean"] and not outcome["is_nothing_new"]
    after = customers_of(demo_copy, left, right)
    assert after[0] == after[1]
    explained = demo_copy.json("explain", left)
    records = {record["record"] for record in explained["records"]}
    assert "family_name" in {field["field"] for field in explained["golden"]}
    assert {field["record"] for field in explained["golden"]} <= records
    history = explained["history"]
    done = [entry["action"] for entry in demo_copy.json("audit", "list", "--about", left)]
    assert "decided" in done
    told = [entry["action"] for entry in demo_copy.json("audit", "list", "--about", explained["customer_id"])]
    assert "explained a customer" in told
    assert demo_copy.json("audit", "verify")["entries"] >= 4
    assert history[0]["kind"] == "created" and len(history) > 1
    assert demo_copy.json("run", "--as-of", NIGHT_1)["is_nothing_new"]


def test_what_cannot_be_done_says_so(demo_copy: Kundbild, tmp_path):
    for arguments, said in (
        (("review", "accept", "nonsense"), "no pair to review begins with 'nonsense'"),
        (("review", "decide", "maybe", "crm:1", "crm:2"), "'maybe' is not a verdict"),
        (("review", "decide", "same", "crm:1", "crm:no"), "there is no record"),
        (("review", "import", str(tmp_path / "nowhere.csv")), "cannot be read"),
        (("explain", "nobody"), "there is no customer of that id"),
    ):
        done = demo_copy(*arguments, code=2)
        assert said in " ".join(done.stderr.split()) and "Traceback" not in done.stderr
    none = Kundbild(tmp_path / "empty")
    assert "there is no warehouse yet" in none("review", code=2).stderr


@pytest.mark.slow
def test_a_model_of_ones_own_is_trained_and_everybody_compared_anew(demo_copy: Kundbild, tmp_path):
    """The two jobs of the UI, and the night that publishes what they changed."""
    script = (
        "import dagster as dg, sys\n"
        "from orchestration.definitions import defs\n"
        "with dg.DagsterInstance.from_config(sys.argv[1]) as instance:\n"
        "    for job in ('train_identity_model', 'rebuild_identity'):\n"
        "        print(defs.resolve_job_def(job).execute_in_process(instance=instance).success)\n"
    )
    config = tmp_path / "kundbild.toml"
    config.write_text(demo_copy.config.read_text() + "\n[identity]\nmax_changed_ids = 1\n")
    changed = Kundbild(demo_copy.home, config=config)
    dagster_home = str(changed.home / "dagster")
    environment = changed.environment(
        KUNDBILD_HOME=str(changed.home), KUNDBILD_CONFIG=str(config), DAGSTER_HOME=dagster_home
    )
    done = run_warm(["-c", dagster_home], environment, timeout=300, script=script)
    assert done.stdout.splitlines()[-2:] == ["True", "True"], done.stderr[-3000:]
    model = Model.load(changed.home / "identity_model.json")
    with changed.warehouse() as con:
        used = con.execute("select distinct model_version from identity.calibration").fetchall()
    assert used == [(model.version,)] and model.version != Model.load(DEFAULT_MODEL).version
    assert changed.json("run", "--as-of", NIGHT_1)["is_clean"]
