"""`kundbild campaigns evaluate` reads a company's own file, says what it left out, and tells nobody's values."""

from __future__ import annotations

import json

import duckdb
import pytest

from orchestration.core.errors import KundbildError
from orchestration.insight.campaign_files import TREATED, evaluate

ROWS = [("none", "0"), ("none", "1"), ("none", "0"), ("mail", "1"), ("mail", "1"), ("post", "0"), ("post", "1")]


def written(path, rows, header="arm,bought"):
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path


def test_each_arm_and_all_treated_are_compared_with_the_control(tmp_path):
    (found,) = evaluate(written(tmp_path / "c.csv", ROWS), arm="arm", control="none", outcomes=["bought"])
    assert (found.kind, found.left_out, found.control.customers) == ("rate", {}, 3)
    assert [(lift.arm, lift.customers, lift.value) for lift in found.arms] == [("mail", 2, 1.0), ("post", 2, 0.5)]
    assert (found.treated.arm, found.treated.customers, found.treated.value) == (TREATED, 4, 0.75)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl"])
def test_a_file_of_any_kind_says_the_same(tmp_path, suffix):
    source, target = written(tmp_path / "in.csv", ROWS), tmp_path / f"c{suffix}"
    how = {".csv": "", ".tsv": "(delimiter '\t')", ".parquet": "", ".jsonl": "(format json)"}[suffix]
    duckdb.sql(f"copy (from '{source}') to '{target}' {how}")
    assert evaluate(target, arm="arm", control="none", outcomes=["bought"])[0].treated.value == 0.75


def test_amounts_are_means_however_they_are_written(tmp_path):
    rows = [("none", "0"), ("none", '"10,5"'), ("mail", "1e2"), ("mail", "0.5")]
    (found,) = evaluate(written(tmp_path / "c.csv", rows), arm="arm", control="none", outcomes=["bought"])
    assert (found.kind, found.control.value, found.treated.value) == ("mean", 5.25, 50.25)


def test_what_is_in_no_figure_is_counted_by_why(tmp_path):
    rows = [*ROWS, ("", "1"), ("mail", ""), ("mail", " "), ("none", "n/a"), ("none", "inf"), ("mail", "1 000")]
    (found,) = evaluate(written(tmp_path / "c.csv", rows), arm="arm", control="none", outcomes=["bought"])
    assert found.left_out == {"no arm": 1, "no outcome": 2, "outcome is not a number": 3}
    assert (found.control.customers, found.arms[0].customers) == (3, 2)


@pytest.mark.parametrize(
    ("arm", "control", "outcome", "said"),
    [
        ("arm", "nobody", "bought", "no row of c.csv has the control 'nobody' in arm: it has mail, none, post"),
        ("variant", "none", "bought", "has no column variant: it has arm, bought, mail"),
        ("mail", "anna@x.se", "bought", "column mail has 60 different values"),
        ("arm", "none", "mail", "no row of c.csv has both an arm and an outcome that is a number"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_said_without_a_value_of_anybody(tmp_path, arm, control, outcome, said):
    names = ("none", "mail", "post")
    rows = [(names[n % 3], str(n % 2), f"a{n}@x.se") for n in range(60)]
    with pytest.raises(KundbildError) as refused:
        evaluate(written(tmp_path / "c.csv", rows, "arm,bought,mail"), arm=arm, control=control, outcomes=[outcome])
    assert said in str(refused.value) and "a1@x.se" not in str(refused.value)


def test_an_arm_of_one_and_a_control_alone_are_refused(tmp_path):
    one, alone = written(tmp_path / "one.csv", [*ROWS, ("sms", "1")]), written(tmp_path / "alone.csv", ROWS[:3])
    with pytest.raises(KundbildError, match=r"1 arms of one\.csv have fewer than two"):
        evaluate(one, arm="arm", control="none", outcomes=["bought"])
    with pytest.raises(KundbildError, match=r"all rows of alone\.csv with an outcome are of the control"):
        evaluate(alone, arm="arm", control="none", outcomes=["bought"])


def test_a_file_that_is_not_there_or_cannot_be_read_is_said(tmp_path):
    broken = tmp_path / "c.parquet"
    broken.write_bytes(b"anna@x.se")
    for path, said in (
        (tmp_path / "no.csv", "there is no file"),
        (tmp_path / "c.xlsx", "not a file that is read"),
        (broken, "cannot be read as PARQUET"),
    ):
        with pytest.raises(KundbildError, match=said) as refused:
            evaluate(path, arm="arm", control="none", outcomes=["bought"])
        assert "anna@x.se" not in str(refused.value)


def test_the_command_prints_a_table_words_and_json(tmp_path, kundbild):
    file = written(tmp_path / "c.csv", [*ROWS, ("", "1")])
    asked = ("campaigns", "evaluate", str(file), "--arm", "arm", "--control", "none", "--outcome", "bought")
    shown = kundbild(*asked).stdout
    assert "none (control)" in shown and "mail: cannot tell" in shown and "Left out: 1 rows (no arm)" in shown
    (said,) = json.loads(kundbild(*asked, "--json").stdout)
    assert said["control"] == {"arm": "none", "customers": 3, "value": pytest.approx(1 / 3)}
    assert said["treated"]["customers"] == 4 and [arm["arm"] for arm in said["arms"]] == ["mail", "post"]


def test_each_of_several_outcomes_is_measured(tmp_path, kundbild):
    """The last of them was measured, and the others were dropped without a word."""
    rows = [("none", "0", "0"), ("none", "0", "0"), ("mail", "0", "20"), ("mail", "0", ""), ("mail", "0", "30")]
    file = written(tmp_path / "c.csv", rows, "arm,bought,spend")
    asked = (
        "campaigns",
        "evaluate",
        str(file),
        "--arm",
        "arm",
        "--control",
        "none",
        "--outcome",
        "bought",
        "--outcome",
        "spend",
    )
    bought, spend = json.loads(kundbild(*asked, "--json").stdout)
    assert [(one["outcome"], one["kind"], one["treated"]["value"]) for one in (bought, spend)] == [
        ("bought", "rate", 0),
        ("spend", "mean", 25),
    ]
    assert bought["treated"]["minimum_detectable_effect"] is None and spend["left_out"] == {"no outcome": 1}
    shown = kundbild(*asked).stdout
    assert "rate of bought" in shown and "mean of spend" in shown
    assert "mail: cannot tell: nobody responded in either arm." in shown and "Each p is of its outcome alone" in shown
