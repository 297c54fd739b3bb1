"""What a rule of a segment may read and say: columns of a customer that profiling may read, and no query or function of any other kind."""

from __future__ import annotations

import pytest

from orchestration.contracts.segment_rules import checked, readable_columns, segment_rules, segment_variables
from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import PROJECT_DIR
from orchestration.core.settings.segments import Segment


def _rule(condition: str, segment: str = "some"):
    return checked("scheme", segment, condition, "", "[segments.some] in kundbild.toml")


@pytest.fixture
def settings():
    return load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": "/nowhere"})


@pytest.mark.parametrize(("condition", "sql"), [
    ("order_count >= 3 and (not is_business or last_nps in (9, 10))", "order_count >= 3 AND (NOT is_business OR last_nps IN (9, 10))"),
    ("days_since_last_ordered between 10 and 90 -- lately", "days_since_last_ordered BETWEEN 10 AND 90"),
    ("coalesce(last_nps, 0) * 2 > 10", "COALESCE(last_nps, 0) * 2 > 10"),
    ("lower(rfm_segment) like 'champ%'", "LOWER(rfm_segment) LIKE 'champ%'"),
    ("last_nps is not null", "NOT last_nps IS NULL"),
])  # fmt: skip
def test_a_condition_on_columns_is_read(condition, sql):
    assert _rule(condition).condition == sql


@pytest.mark.parametrize(("condition", "said"), [
    ("order_cont > 1", "there is no column order_cont"),
    ("country_code = 'SE'", "no segment may read country_code: profiling may not read data of the kind contact"),
    ("county = 'Oslo'", "region is made of it"),
    ("age_band = '18 to 29'", "life_phase is made of it"),
    ("housing = 'x'", "no segment may read housing: profiling may not read data of the kind attribute"),
    ("last_moved_on is not null", "no segment may read last_moved_on"),
    ("customer_id = 'x'", "there is no column customer_id"),
    ("order_count >", "the condition is not SQL"),
    ("order_count > 1 limit 1", "the condition is not SQL"),
    ("", "the condition is empty"),
    ("(" * 900 + "true" + ")" * 900, "too many brackets"),
    ("order_count > 1 or " * 200 + "true", "longer than 2,000"),
    ("true; drop table marts.customer_360", "not one condition"),
    ("order_count in (select 1)", "may not say"),
    ("(select 1) = 1", "may not say"),
    ("exists (select 1)", "may not say"),
    ("(from marts.dim_customers) is null", "may not say"),
    ("read_text('/etc/passwd') = 'x'", "may not say"),
    ("getenv('HOME') = 'x'", "may not say"),
    ("current_setting('home_directory') = 'x'", "may not say"),
    ("order_count > random()", "may not say"),
    ("count(*) over () > 1", "may not say"),
    ("c.order_count > 1", "may not say"),
    ("marts.dim_customers.email = 'x'", "may not say"),
    ("columns(*) > 1", "may not say"),
    ("order_count > $1", "may not say"),
    ("order_count > {{ var('x') }}", "may not say"),
    ("order_count", "is a value (bigint)"),
    ("last_nps = 'abc'", "cannot be asked"),
    ("order_count like 3", "cannot be asked"),
])  # fmt: skip
def test_whatever_else_it_says_is_an_error_that_says_where_and_what_may_be_said(condition, said):
    with pytest.raises(ConfigurationError) as error:
        _rule(condition)
    assert said in str(error.value) and "[segments.some] in kundbild.toml" in str(error.value)


def test_a_misspelt_column_is_told_with_the_near_one_and_all_others():
    with pytest.raises(
        ConfigurationError, match=r"did you mean order_count\? columns: .*days_since_last_ordered.*is_business"
    ):
        _rule("order_cuont > 1")


def test_only_kinds_of_data_that_profiling_may_read_can_be_read():
    assert not readable_columns().keys() & {"customer_id", "country_code", "county", "age_band"}
    assert {"order_count", "days_since_last_ordered", "rfm_segment", "revenue_top_share"} <= readable_columns().keys()


def test_a_segment_may_be_named_by_a_column_and_by_nothing_that_is_sql():
    assert _rule("rfm_segment is not null", "{rfm_segment}").value == "cast(rfm_segment as varchar)"
    for name in ("{customer_id}", "it's", "{rfm_segment || 'x'}", "x' or 'y", ""):
        with pytest.raises(ConfigurationError):
            _rule("order_count > 1", name)


def test_segments_of_the_configuration_stand_behind_the_seeds_of_the_same_scheme(settings):
    own = {
        "thrifty": Segment(where="discounted_order_count >= 3", scheme="lifecycle"),
        "vips": Segment(where="order_count >= 10"),
    }
    rules = segment_rules(settings.model_copy(update={"segments": own}))
    lifecycle = [rule.segment for rule in rules if rule.scheme == "lifecycle"]
    assert lifecycle[0] == "lead" and lifecycle[-2:] == ["churned", "thrifty"]
    assert [rule.scheme for rule in rules if rule.segment == "vips"] == ["vips"]
    variables = segment_variables(settings.model_copy(update={"segments": own}))
    assert {"name": "discounted_order_count", "of": "c", "kind": "bigint", "since": ""} in variables["segment_columns"]


def test_a_configuration_with_a_wrong_condition_stops_what_starts_dbt(tmp_path, settings):
    from orchestration.core.home import Home
    from orchestration.transform.runner import Dbt

    wrong = settings.model_copy(update={"segments": {"vips": Segment(where="order_cont > 3")}})
    with pytest.raises(ConfigurationError, match=r"order_cont(.|\n)*segments\.vips"):
        Dbt(wrong, Home(tmp_path))


def test_doctor_tells_a_wrong_condition_before_a_night_does(tmp_path, monkeypatch):
    from orchestration.run.doctor import examine

    config = tmp_path / "kundbild.toml"
    said = (PROJECT_DIR / "kundbild.toml").read_text(encoding="utf-8")
    config.write_text(f'{said}\n[segments.vips]\nwhere = "order_cont > 3"\n', encoding="utf-8")
    monkeypatch.setenv("KUNDBILD_CONFIG", str(config))
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path / "home"))
    (found,) = [finding for finding in examine() if finding.what == "segments"]
    assert not found.is_ok and "order_cont" in found.found and "[segments.vips]" in found.found


def test_what_is_divided_by_zero_is_not_known():
    import duckdb

    for condition in (
        "refunded_order_count / order_count > 0.5",
        "order_count / 0 > 3",
        "1 / (refunded_order_count / order_count) > 0",
    ):
        asked = duckdb.sql(
            f"select {_rule(condition).condition} from (select 0 as order_count, 0 as refunded_order_count)"
        )
        assert asked.fetchall() == [(None,)], condition


def test_no_segment_is_made_of_what_the_officer_did_not_confirm(settings):
    """The seed's schemes go, and a rule of the company's own on it stops the start."""
    off = ["region", "life_phase", "purchasing_power", "economic_capital", "cultural_capital"]
    schemes = {rule.scheme for rule in segment_rules(settings)}
    privacy = settings.privacy.model_copy(update={"not_for_segments": off})
    rules = segment_rules(settings.model_copy(update={"privacy": privacy, "segments": {}}))
    assert schemes - {rule.scheme for rule in rules} == {column.replace("_", " ") for column in off}
    assert not {column for rule in rules for column in rule.columns} & {*off}
    own = {"north": Segment(where="region = 'Norrbotten' and order_count > 1")}
    for switched_off in ([], ["region"]):
        privacy = settings.privacy.model_copy(update={"not_for_segments": switched_off})
        told = settings.model_copy(update={"privacy": privacy, "segments": own})
        if not switched_off:
            assert "north" in {rule.segment for rule in segment_rules(told)}
            continue
        with pytest.raises(ConfigurationError, match="no segment may be made of region"):
            segment_rules(told)


@pytest.mark.parametrize(
    "own",
    [
        Segment(where="economic_capital_reasons like '%median%'"),
        Segment(where="life_phase_confidence = 'high'"),
        Segment(where="order_count > 1", scheme="region"),
    ],
)
def test_neither_reasons_nor_the_scheme_of_what_is_switched_off_make_a_segment(settings, own):
    off = settings.privacy.model_copy(update={"not_for_segments": ["economic_capital", "life_phase", "region"]})
    told = settings.model_copy(update={"segments": {"some": own}})
    assert "some" in {rule.segment for rule in segment_rules(told)}
    with pytest.raises(ConfigurationError, match="no segment may be made of"):
        segment_rules(told.model_copy(update={"privacy": off}))


def test_dbt_is_told_which_schemes_of_the_seed_are_switched_off(settings):
    assert segment_variables(settings)["segments_off"] == []
    off = settings.privacy.model_copy(update={"not_for_segments": ["life_phase", "region"]})
    assert segment_variables(settings.model_copy(update={"privacy": off}))["segments_off"] == ["life phase", "region"]
