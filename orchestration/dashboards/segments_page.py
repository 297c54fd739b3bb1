"""The builder of segments: a rule, and how many customers it holds for while it is written. Not here: counting (builder.py)."""

from __future__ import annotations

import shlex

import streamlit as st

from orchestration.core.errors import KundbildError
from orchestration.dashboards.builder import OPERATORS, Builder, Counted, builder_of, condition_of, joined, kind_of
from orchestration.dashboards.reading import Reading
from orchestration.dashboards.views import cards, escaped, plain, table, told_error

_RULE, _COLUMN = "builder_rule", "builder_column"
_EXAMPLE = "order_count >= 3 and not is_business"
_NONE = ""


def builder(reading: Reading) -> None:
    """The rule as text, and one more condition by choice; both are counted."""
    counting = builder_of(reading)
    st.header("Build a segment", anchor="builder")
    st.session_state.setdefault(_RULE, st.query_params.get("where", ""))
    left, right = st.columns(2, gap="large")
    with left:
        st.text_area(
            "Rule",
            key=_RULE,
            placeholder=_EXAMPLE,
            height=90,
            help="A condition as `kundbild add-segment --where` takes it.",
        )
        draft = _condition(counting)
    rule = st.session_state[_RULE].strip()
    if rule:
        st.query_params["where"] = rule
    elif "where" in st.query_params:
        del st.query_params["where"]
    with right:
        _told(counting, rule, draft)


def _condition(counting: Builder) -> str:
    """One more condition, as chosen; "" where none is."""
    columns = counting.columns()
    name = st.selectbox(
        "Add a condition on", [_NONE, *columns], format_func=lambda one: plain(one) or "Choose a column", key=_COLUMN
    )
    if not name:
        return ""
    kind = kind_of(columns[name])
    by, of = st.columns([1, 2])
    operator = by.selectbox("Comparison", OPERATORS[kind], key=f"operator_{kind}")
    value: object = True
    if kind == "text":
        values = counting.values(name)
        if not values:
            of.info(f"No value of {plain(name)} has {counting.reading.k} customers.")
            return ""
        value = of.selectbox("Value", values, key=f"value_{name}")
    elif kind == "number":
        is_whole = columns[name].kind in ("bigint", "integer")
        value = of.number_input("Value", value=1 if is_whole else 1.0, step=1 if is_whole else 0.1, key=f"value_{name}")
    condition = condition_of(columns[name], operator, value)
    st.button("Add to the rule", on_click=_add, args=(condition,), type="primary")
    return condition


def _add(condition: str) -> None:
    st.session_state[_RULE] = joined(st.session_state[_RULE], condition)
    st.session_state[_COLUMN] = _NONE


def _told(counting: Builder, rule: str, draft: str) -> None:
    if not rule and not draft:
        st.info(f"Write a rule, for example {escaped(_EXAMPLE)}, or choose a column: the count follows each change.")
        return
    told = []
    last, note = None, ""
    for title, condition in (
        ("The rule holds for", rule),
        ("With the added condition", joined(rule, draft) if draft else ""),
    ):
        if not condition:
            continue
        try:
            last = counting.count(condition)
            note = counting.note(condition)
        except KundbildError as error:
            st.warning(told_error(error))
            return
        told.append(
            (
                title,
                many(last.customers, counting.reading.k),
                f"of {many(last.of, counting.reading.k)} who may be profiled",
            )
        )
    cards(told)
    if note:
        st.warning(escaped(f"{note}."))
    if last and last.customers:
        _stages(last, counting.reading.k)
    st.caption(
        f"Rounded to the nearest {counting.reading.k}. A rule that differs from one that was counted before by fewer than "
        f"{counting.reading.k} customers has the same count."
    )
    if rule:
        st.code(f"kundbild add-segment NAME --where {shlex.quote(rule)} --try", language=None, wrap_lines=True)


def _stages(counted: Counted, k: int) -> None:
    rows = sorted(counted.stages.items(), key=lambda one: -(one[1] or 0))
    table(
        ["lifecycle", "customers"],
        [[name, many(number, k)] for name, number in rows],
        "Lifecycle of the rule's customers",
        ["", "n"],
    )


def many(number: int | None, k: int) -> str:
    """A rounded count in words."""
    return f"fewer than {k}" if number is None else f"about {number:,}"
