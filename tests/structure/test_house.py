"""The house is in order: layering, documentation, grains, definitions, no leftovers."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.contracts.audiences import audience_models
from orchestration.contracts.conformed import entities
from orchestration.contracts.mapping_times import EARLIEST_TIME
from orchestration.contracts.seeds import seed
from orchestration.core.configuration import load_settings
from orchestration.core.settings import DBT_DIR, PROJECT_DIR, GoldenRecord, Privacy, Quality, ScoreSettings
from orchestration.core.settings.insight import LOT_DAYS, Insight
from orchestration.prediction.nightly.registry import estimators
from orchestration.privacy.audit.catalogue import read_catalogue
from orchestration.privacy.intake import evidence_words, withdrawals
from orchestration.privacy.rights.corrections import CORRECTABLE
from orchestration.publishing.superset.environment import LOCK as SUPERSET_LOCK

MODELS = sorted((DBT_DIR / "models").rglob("*.sql"))
PYTHON = sorted([*(PROJECT_DIR / "orchestration").rglob("*.py"), *(PROJECT_DIR / "data_quality").rglob("*.py")])
ROOMS = {"staging": 0, "conformed": 1, "quarantine": 2, "identity": 3, "marts": 4, "bi": 5, "bi_open": 6}


@cache
def described(path: Path) -> dict[str, Any]:
    """The one model of a YAML file; a thousand files take a minute but by libyaml."""
    (model,) = yaml.load(path.with_suffix(".yml").read_text(), yaml.CSafeLoader)["models"]
    return model


def room(name: str) -> str:
    path = next((p for p in MODELS if p.stem == name), None)
    return path.relative_to(DBT_DIR / "models").parts[0] if path else "seeds"


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_every_model_is_described_and_states_its_grain(path: Path):
    model = described(path)
    assert model["name"] == path.stem
    assert re.search(r"one row per", model["description"], re.IGNORECASE)
    if room(path.stem) == "staging":
        assert "(source_key" in model["description"]
        return
    assert all(c.get("description") and c.get("data_type") for c in model["columns"])
    tests = [next(iter(t)) if isinstance(t, dict) else t for t in model["data_tests"]]
    assert "unique_grain" in tests


def test_no_column_is_described_in_the_same_words_again_and_again():
    said = Counter(column["description"] for path in MODELS for column in described(path).get("columns", []))
    assert [words for words, times in said.items() if times > 4 and "doc(" not in words] == [], "see models/columns.md"


def edges(manifest) -> list[tuple[str, str, str, str]]:
    """(room, model, room or source schema, what it reads), by dbt's own word: reads in macros are reads too."""
    nodes = {**manifest["nodes"], **manifest["sources"]}

    def where(node) -> str:
        if node["resource_type"] == "source":
            return "source raw" if node["schema"].startswith("raw_") else f"source {node['schema']}"
        return node["path"].split("/")[0] if node["resource_type"] == "model" else "seeds"

    return [
        (where(model), model["name"], where(nodes[read]), nodes[read]["name"])
        for model in manifest["nodes"].values()
        if model["resource_type"] == "model"
        for read in model["depends_on"]["nodes"]
    ]


def test_a_step_reads_only_what_came_before(manifest):
    found = edges(manifest)
    assert len(found) > 400
    models = [(here, name, there, read) for here, name, there, read in found if there in ROOMS]
    assert [edge for edge in models if ROOMS[edge[2]] > ROOMS[edge[0]]] == []
    assert [edge for edge in models if edge[0] in ("marts", "bi", "bi_open") and edge[2] == "staging"] == []
    assert [edge for edge in models if edge[0] == edge[2] == "staging"] == [], "staging joins nothing"


def test_a_step_reads_of_the_tables_that_python_writes_only_what_is_meant_for_it(manifest):
    meant = {
        "staging": {"raw", "ops"}, "conformed": {"identity"}, "quarantine": {"ops", "quarantine"},
        "identity": {"identity", "ops"}, "marts": {"identity", "ops", "scores"}, "bi": {"identity", "ops"}, "bi_open": {"identity"},
    }  # fmt: skip
    found = [edge for edge in edges(manifest) if edge[2].startswith("source ")]
    assert [edge for edge in found if edge[2].removeprefix("source ") not in meant[edge[0]]] == []
    # conformed people are fixed by what was corrected here
    assert {read for here, _, _, read in found if here == "conformed"} == {"corrections"}
    # readers' tables know what stands in the place of an address or a number
    assert {read for here, _, _, read in found if here == "bi"} == {"clock", "shown_values"}
    assert {read for here, _, _, read in found if here == "bi_open"} == {"shown_values"}


def test_each_unit_test_of_a_model_gives_all_that_the_model_reads(manifest):
    """dbt tells it when it runs one, which takes a whole home."""
    lacking = {}
    for test in manifest["unit_tests"].values():
        (model,) = [
            n for n in test["depends_on"]["nodes"] if n.startswith("model.") and n.endswith(f".{test['model']}")
        ]
        given = {one["input"].split("(")[1].strip(")\"'").split(",")[-1].strip(" \"'") for one in test["given"]}
        # sources are read by macros that the tests override
        read = {manifest["nodes"][n]["name"] for n in manifest["nodes"][model]["depends_on"]["nodes"] if n in manifest["nodes"]}  # fmt: skip
        if test["given"] and read - given:
            lacking[test["name"]] = sorted(read - given)
    assert manifest["unit_tests"] and lacking == {}


def test_no_vendor_is_named_after_conformed():
    vendors = {p.name for p in (DBT_DIR / "models" / "staging").iterdir()}
    for path in MODELS:
        if room(path.stem) in ("marts", "bi", "bi_open"):
            words = set(re.findall(r"'([a-z_]+)'", path.read_text()))
            assert words.isdisjoint(vendors - {"email", "survey"}), path.stem


def test_every_staging_model_feeds_a_conformed_entity():
    for path in (DBT_DIR / "models" / "staging").rglob("stg_*.sql"):
        system, entity = path.stem.removeprefix("stg_").split("__")
        assert path.parent.name == system and entity in entities()


def test_the_default_feeds_are_those_of_the_demo():
    project = yaml.safe_load((DBT_DIR / "dbt_project.yml").read_text())
    sources = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": "/nowhere"}).sources
    found: dict[str, set[str]] = {}
    for path in (DBT_DIR / "models" / "staging").rglob("stg_*.sql"):
        system, entity = path.stem.removeprefix("stg_").split("__")
        if system in sources:
            found.setdefault(entity, set()).add(system)
    told = "the vars feeds and systems in dbt_project.yml are those of the systems in kundbild.toml"
    assert {e: set(s) for e, s in project["vars"]["feeds"].items()} == found, told
    assert set(project["vars"]["systems"]) == {s for systems in found.values() for s in systems}, told


def test_the_default_audiences_are_the_models_of_the_schema():
    project = yaml.safe_load((DBT_DIR / "dbt_project.yml").read_text())
    assert project["vars"]["audiences"] == [audience.model for audience in audience_models()], (
        "the var audiences in dbt_project.yml lists every model of the schema audiences, by name"
    )


def test_the_default_policy_of_golden_records_is_that_of_the_settings():
    policy = yaml.safe_load((DBT_DIR / "dbt_project.yml").read_text())["vars"]["golden_record"]
    assert {"source_priority": policy["source_priority"], **policy["fields"]} == GoldenRecord().model_dump()


def test_the_default_limits_of_privacy_are_those_of_the_settings():
    project = yaml.safe_load((DBT_DIR / "dbt_project.yml").read_text())["vars"]
    settings = Privacy()
    for name in ("min_people", "analyst_time", "soft_opt_in", "is_charity", "expiring_days", "retention_days"):
        assert project[name] == getattr(settings, name), name
    assert project["unknown_age_is_adult"] == settings.unknown_age_is_adult
    assert project["correctable"] == list(CORRECTABLE)
    assert project["max_rate_age_days"] == Quality().max_rate_age_days
    assert project["insight"] == Insight().model_dump()
    assert project["lot_days"] == LOT_DAYS


def test_the_words_of_refusals_are_those_of_the_ledger():
    project = yaml.safe_load((DBT_DIR / "dbt_project.yml").read_text())["vars"]
    for name in ("withdrawn_words", "harmless_kinds"):
        assert project[name] == list(getattr(withdrawals, name.upper())), name
    assert project["no_evidence"] == list(evidence_words.NO_EVIDENCE)
    for name in ("nothing_said", "words_between", "markup"):
        assert project[name] == getattr(evidence_words, name.upper()), name
    assert (project["refusal"], project["earliest_statement"]) == (withdrawals.REFUSAL, withdrawals.EARLIEST)
    assert project["earliest_time"] == EARLIEST_TIME


def test_the_decisions_have_unit_tests():
    with_tests = {p.stem for p in (DBT_DIR / "models").rglob("*.yml") if "unit_tests:" in p.read_text()}
    assert {
        "contact_permissions", "customer_rfm", "dim_customers", "golden_records", "stg_webshop__orders", "stg_crm__people",
        "stg_crm__consent_events", "stg_email__email_events", "stg_survey__survey_responses",
    } <= with_tests  # fmt: skip


@pytest.mark.parametrize("path", PYTHON, ids=lambda p: str(p.relative_to(PROJECT_DIR)))
def test_every_module_says_what_belongs_there(path: Path):
    text = path.read_text()
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring and len(docstring) > 20
    assert len(text.splitlines()) <= 400


def test_the_code_location_is_a_short_file():
    assert len((PROJECT_DIR / "orchestration" / "definitions.py").read_text().splitlines()) < 60


def test_the_lock_names_hashes_and_no_host():
    for lock in (
        PROJECT_DIR / "requirements.lock",
        PROJECT_DIR / "tests" / "systems" / "bi_client.lock",
        PROJECT_DIR / "tests" / "systems" / "tryton" / "requirements.lock",
        SUPERSET_LOCK,
    ):
        text = lock.read_text()
        assert "://" not in text
        packages = [line for line in text.splitlines() if re.match(r"^[a-z0-9].*==", line)]
        assert packages and text.count("--hash=sha256:") >= len(packages)


def test_the_demo_is_never_read_by_the_pipeline_nor_its_truth():
    # who measures against a truth is never asked by a step
    rooms = ("cli/demo.py", "run/night.py", "identity/evaluate.py", "cli/identity.py")
    for path in PYTHON:
        if "demo" not in path.parts and not path.as_posix().endswith(rooms):
            assert "truth" not in path.read_text().lower() or path.name == "names.py", path
            assert "identity.evaluate" not in path.read_text(), path


def test_folders_of_the_readme_are_there():
    readme = (PROJECT_DIR / "README.md").read_text()
    named = set(re.findall(r"^\| `([a-z_./]+)` \|", readme, re.MULTILINE))
    assert len(named) > 8
    assert [folder for folder in named if not (PROJECT_DIR / folder).exists()] == []


def test_every_fault_that_is_promised_has_its_tests():
    rows = [row for row in (PROJECT_DIR / "docs" / "faults.md").read_text().splitlines() if row.startswith("| ")]
    promised = [row for row in rows[1:] if not row.startswith(("| **", "| ---"))]
    named = [re.findall(r"`([\w/]+\.py)::(\w+)`", row) for row in promised]
    assert len(promised) > 40 and all(named)
    tests = PROJECT_DIR / "tests"
    gone = [(file, test) for row in named for file, test in row if f"def {test}(" not in (tests / file).read_text()]
    assert gone == []


def test_nothing_that_runs_make_is_committed():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT_DIR, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert not [name for name in tracked if "{{" in name or "/logs/" in name]
    assert not [name for name in tracked if name.endswith((".duckdb", ".wal", ".parquet", ".pyc", ".sqlite"))]


def test_every_raw_table_of_somebody_says_whose_its_rows_are():
    """Erasure and suppression go by it: a table that is forgotten keeps people."""
    undeclared, kept = set(), set()
    for path in (DBT_DIR / "models" / "staging").rglob("stg_*.sql"):
        text = path.read_text()
        if path.stem.endswith("__people") or "as person_key" in text:
            for system, table in re.findall(r'source\("(\w+)", "(\w+)"\)', text):
                tables = importlib.import_module(f"orchestration.extract.systems.{system}").TABLES
                undeclared |= set() if tables[table].whose else {f"{system}.{table}"}
                kept |= set() if tables[table].retention else {f"{system}.{table}"}
    todo = "in orchestration/extract/systems, declare of these tables "
    assert undeclared == set(), f"{todo}`persons`: see 'A table of people' in docs/extending.md"
    assert kept == set(), f"{todo}`retention`, or they are kept for ever: see 'A table of people' in docs/extending.md"


def test_the_docs_tell_the_limits_of_registers_as_the_seed_has_them():
    """One line of the table in docs/consent.md may be of several channels: `phone, post`."""
    lines = re.findall(
        r"^\| [^|]+ \| ([a-z, ]+) \| ([A-Z]{2}) \| (\d+) days", (PROJECT_DIR / "docs/consent.md").read_text(), re.M
    )
    told = {(country, way, days) for ways, country, days in lines for way in ways.split(", ")}
    rules = {(rule["country_code"], rule["channel"], rule["max_age_days"]) for rule in seed("register_rules")}
    assert told == rules, "adapt the table of registers in docs/consent.md to the seed register_rules"


def test_descriptions_that_are_read_without_dbt_are_as_dbt_renders_them(manifest):
    rendered = {
        (node["schema"], node["alias"], column): " ".join(said["description"].split())
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        for column, said in node["columns"].items()
    }
    read = {(c.schema, c.table, c.column): " ".join(c.description.split()) for c in read_catalogue()}
    assert {place: (said, rendered[place]) for place, said in read.items() if rendered[place] != said} == {}


def test_every_score_has_a_page_of_its_own():
    """What it says, how it is made and measured, how to use and not to use it; and the page on scores leads to it."""
    index = (PROJECT_DIR / "docs/scores.md").read_text()
    names = {score.name for one in estimators(ScoreSettings(), Insight()) for score in one.scores}
    assert {path.stem for path in (PROJECT_DIR / "docs/scores").glob("*.md")} == names
    for name in names:
        page = (PROJECT_DIR / f"docs/scores/{name}.md").read_text()
        parts = re.findall(r"^## (.*)$", page, re.M)
        assert {"What it says", "How it is made", "How good it is", "How to use it", "How not to use it"} <= set(
            parts
        ), name
        assert f"(scores/{name}.md)" in index, name


def test_the_table_of_schemes_for_the_marketer_lists_the_segments_of_the_seed():
    of_seed: dict[str, set[str]] = {}
    for row in seed("segment_rules"):
        of_seed.setdefault(row["scheme"], set()).add(row["segment"])
    of_seed["rfm"] = {row["segment"] for row in seed("rfm_segments")}
    page = (PROJECT_DIR / "docs/marketer.md").read_text().partition("| scheme | segments |")[2].partition("\n\n")[0]
    listed = {
        scheme: said
        for line in page.strip().splitlines()[1:]
        for names, said in [line.strip("| ").split(" | ", 1)]
        for scheme in re.findall(r"`(.+?)`", names)
    }
    assert listed.keys() == of_seed.keys(), "docs/marketer.md, Segments: a row for each scheme"
    for scheme, segments in of_seed.items():
        # a segment for each value of a column has no names of its own
        if not any("{" in segment for segment in segments):
            told = re.sub(r" \(.*?\)", "", listed[scheme]).partition(":")[0].split(", ")
            assert set(told) == segments, f"docs/marketer.md, Segments: the row `{scheme}`"
