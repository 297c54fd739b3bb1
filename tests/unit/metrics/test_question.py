"""What is asked is checked before anything is read: an error names what is wrong and the nearest that there is."""

from __future__ import annotations

import pytest

from orchestration.contracts.metric_definitions import parts_of, read_definitions
from orchestration.core.errors import KundbildError
from orchestration.metrics.compiler import GRAINS, compiler
from orchestration.metrics.question import read_question


def question(*metrics: str, **how):
    return read_question(read_definitions(), compiler(), metrics=metrics, **how)


@pytest.mark.parametrize(
    ("metrics", "how", "told"),
    [
        (["net_revenu"], {}, "there is no metric 'net_revenu': did you mean net_revenue"),
        ([], {}, "no metric is named"),
        (["ordering_customers_or_unknown"], {}, "did you mean ordering_customers"),
        (["net_revenue"], {"by": ["chanel"]}, "did you mean channel"),
        (["net_revenue"], {"by": ["customer_key"]}, "there is no dimension"),
        (["net_revenue"], {"by": ["customer"]}, "there is no dimension"),
        (["net_revenue"], {"grain": "fortnight"}, "there is no grain of time"),
        (["new_customers"], {"grain": "day"}, "cannot be asked by day"),
        (["customers"], {"grain": "month"}, "has no time"),
        (["customers"], {"first": "2026-01-01"}, "has no time"),
        (["orders"], {"first": "1 May"}, "is not a day"),
        (["orders"], {"first": "2026-02-01", "last": "2026-01-01"}, "ends before it begins"),
        (["orders"], {"where": ["channel"]}, "cannot be read"),
        (["orders"], {"where": ["channel > 3"]}, "cannot be read"),
        (["orders"], {"where": ["stor=1"]}, "did you mean store"),
        (["orders"], {"where": ["month=2026-01-01"]}, "not on time"),
        (["orders"], {"by": ["channel", "store", "country", "county", "rfm_segment"]}, "at most 4 dimensions"),
        (["net_revenue", "ad_spend"], {}, "cannot be asked together"),
        (list(read_definitions().listed)[:9], {}, "at most 8 metrics"),
    ],
)
def test_an_error_says_what_is_wrong(metrics, how, told):
    with pytest.raises(KundbildError) as caught:
        question(*metrics, **how)
    assert told in str(caught.value)


def test_names_are_short_and_time_comes_first():
    asked = question("orders", by=["channel", "country"], grain="week")
    assert asked.by == ("metric_time__week", "order__channel", "customer__country")
    assert asked.names == ("week", "channel", "country")
    assert question("orders", by=["time"]).names == ("month",)
    assert question("orders", by=["order__channel", "channel"]).names == ("channel",)


def test_a_value_is_a_text_and_never_a_template_or_sql():
    (sql,) = question("orders", where=["store=O'Hara {{ 1 }}"]).conditions
    assert "O''Hara ' || chr(123) || '" in sql and "{{ 1" not in sql
    compiled = compiler().sql(["orders"], [], [sql])
    assert "O''Hara" in compiled


def test_a_condition_and_its_opposite_are_all_rows():
    (some,) = question("orders", where=["store=,Store 1"]).conditions
    (others,) = question("orders", where=["store!=,Store 1"]).conditions
    assert others == f"not {some}" and "is null" in some and some.startswith("coalesce(")


def test_a_number_that_must_not_be_summed_is_always_apart():
    asked = question("permission_share", by=["channel"])
    assert asked.names == ("channel", "purpose") and asked.notes


def test_every_metric_counts_whom_it_tells_of():
    definitions = read_definitions()
    for metric in definitions.metrics.values():
        assert metric.unit and metric.owner and len(metric.description) > 15, metric.name
        # advertising is of nobody
        assert metric.people or metric.name.startswith(("ad_", "attributed_spend")), (
            f"{metric.name}: name metrics that count people"
        )
        for part in (part for rule in metric.people for part in parts_of(rule)):
            assert part in definitions.metrics[part].people, f"{part} counts people: its own rule is itself"
        assert set(metric.always_by) <= set(compiler().dimensions([metric.name])), metric.name


def test_every_dimension_says_what_it_means():
    for model in read_definitions().semantic_models:
        for dimension in model.get("dimensions", []):
            assert dimension["type"] == "time" or dimension.get("description"), dimension["name"]
    assert set(GRAINS) == set(compiler().grains(["orders"]))
