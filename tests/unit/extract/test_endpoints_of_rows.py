"""Endpoints that are asked once for each row of another: forms/{form_id}/responses, of all pages of both, with what the form says."""

from __future__ import annotations

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Quality, Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.privacy.intake.entry_columns import dropped_columns
from orchestration.run.first_rows import first_rows

PAGING = {"rows": "items", "next": "page", "parameter": "page", "size": "size", "since": "since", "since_as": "from %s"}
COLUMNS = {"id": "VARCHAR", "form_id": "VARCHAR", "title": "VARCHAR", "at": "TIMESTAMP"}
FORMS = [
    {"id": "a/b", "name": "First"},
    {"id": "c", "name": None},
    {"id": "d", "name": "Empty"},
    {"id": "c", "name": "Again"},
]
ANSWERS = {
    "a%2Fb": [
        {"id": f"a{n}", "at": f"2026-01-{n + 1:02d}T00:00:00Z", "answers": [{"q": 1}, {"q": 2}]} for n in range(5)
    ],
    "c": [{"id": "c0", "at": "2026-02-01T00:00:00Z", "title": "of the row", "answers": [{"q": 3}]}, "no object"],
    "d": [],
}


@pytest.fixture
def api(serve_json):
    asked = []

    def answer(request):
        asked.append(request)
        if request.headers.get("X-Version") != "7":
            return {"error": "no version"}, 400, {}
        at, size = int(request.query["page"]) - 1, 2
        rows = FORMS if request.path == "/forms" else ANSWERS[request.path.split("/")[2]]
        return {"items": rows[at * size :][:size]}

    return serve_json(answer), asked


def of(url, **table):
    said = {
        "columns": COLUMNS, "key": ["id"], "cursor": "at", "endpoint": "forms/{form_id}/responses",
        "for_each": {"endpoint": "forms", "columns": {"form_id": "id", "title": "name"}}, **table,
    }  # fmt: skip
    tables = {"responses": Table(**said)}
    return Source(connector="rest", url=url, headers={"X-Version": "7"}, paging=PAGING, tables=tables)


@pytest.fixture
def load(home, warehouse):
    def go(source):
        settings = Settings(company="T", sources={"api": source}, quality=Quality(max_reject_share=0.5))
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "api")["responses"]

    return go


def test_all_pages_of_each_row_are_read_once_with_what_that_row_says(load, api, warehouse):
    counts = load(of(api[0]))
    assert (counts.inserted, counts.rejected) == (6, 1)
    found = warehouse.execute(
        "select form_id, title, count(*) from raw_api.responses group by all order by all"
    ).fetchall()
    assert found == [("a/b", "First", 5), ("c", None, 1)]
    assert len(api[1]) == 3 + 4 + 2 + 1


def test_the_next_night_asks_each_for_what_changed_and_none_is_no_emptied_source(load, api, warehouse):
    load(of(api[0]))
    ANSWERS["d"] = [{"id": "d0", "at": "2026-02-02T00:00:00Z"}]
    api[1].clear()
    try:
        assert load(of(api[0])).inserted == 1
    finally:
        ANSWERS["d"] = []
    asked = {(one.path, one.query.get("since")) for one in api[1]}
    # a day before the newest: 2026-01-31
    assert asked == {
        ("/forms", None), *((f"/forms/{key}/responses", f"from {1769817600}") for key in ("a%2Fb", "c", "d")),
    }  # fmt: skip


def test_elements_of_a_list_carry_along_what_the_row_of_their_row_says(load, api, warehouse):
    columns = {"q": "BIGINT", "response": "VARCHAR", "form_id": "VARCHAR", "title": "VARCHAR"}
    counts = load(
        of(api[0], columns=columns, cursor=None, key=["response", "q"], rows_in="answers", carried={"response": "id"})
    )
    assert counts.inserted == 11
    found = warehouse.execute(
        "select form_id, title, count(*) from raw_api.responses group by all order by all"
    ).fetchall()
    assert found == [("a/b", "First", 10), ("c", None, 1)]


def test_one_may_be_within_another(load, serve_json, warehouse):
    rows = {
        "/spaces": [{"id": 1}, {"id": 2}], "/spaces/1/forms": [{"id": "x"}], "/spaces/2/forms": [{"id": "x"}, {"id": "y"}],
        "/1/x": [{"id": "r1"}], "/2/x": [{"id": "r2"}], "/2/y": [{"id": "r3"}],
    }  # fmt: skip
    url = serve_json(lambda asked: {"items": rows[asked.path] if asked.query["page"] == "1" else []})
    spaces = {"endpoint": "spaces", "columns": {"space": "id"}}
    forms = {"endpoint": "spaces/{space}/forms", "columns": {"form": "id"}, "for_each": spaces}
    columns = {"id": "VARCHAR", "space": "BIGINT", "form": "VARCHAR"}
    source = of(url, columns=columns, cursor=None, endpoint="{space}/{form}", for_each=forms)
    assert load(source).inserted == 3
    found = warehouse.execute("select id, space, form from raw_api.responses order by id").fetchall()
    assert found == [("r1", 1, "x"), ("r2", 2, "x"), ("r3", 2, "y")]
    assert all(one.is_ok for one in first_rows("api", source, Quality()))


def test_only_the_rows_that_are_named_are_asked_for_theirs(load, api, home, warehouse):
    said = {"endpoint": "forms", "columns": {"form_id": "id", "title": "name"}, "only": {"form_id": ["c"]}}
    source = of(api[0], for_each=said)
    load(source)
    assert warehouse.execute("select distinct form_id from raw_api.responses").fetchall() == [("c",)]
    assert {one.path for one in api[1]} == {"/forms", "/forms/c/responses"}
    with pytest.raises(ValueError, match="only names 'form'"):
        of(api[0], for_each=said | {"only": {"form": ["c"]}})


def test_a_look_reads_the_first_page_of_few(load, api, home):
    source = of(api[0])
    told = first_rows("api", source, Quality())
    assert [one.found for one in told if not one.is_ok] == []
    assert {one.path for one in api[1]} >= {"/forms", "/forms/a%2Fb/responses"}
    api[1].clear()
    assert load(source.first(2)).inserted == 3
    assert [one.path for one in api[1]].count("/forms/a%2Fb/responses") == 1


def test_a_row_that_does_not_say_its_key_and_one_that_is_gone_are_errors(load, serve_json):
    url = serve_json(lambda asked: {"items": [{"id": ""}]})
    with pytest.raises(SourceError, match="a row of forms has no id"):
        load(of(url))
    first = FORMS[:1]
    url = serve_json(
        lambda asked: (
            {"items": first if asked.query["page"] == "1" else []},
            200 if asked.path == "/forms" else 404,
            {},
        )
    )
    with pytest.raises(SourceError, match="status 404") as gone:
        load(of(url))
    assert gone.value.is_passing and "endpoint of the table" in gone.value.to_do


def test_an_api_that_answers_the_same_rows_again_and_again_is_an_error(load, serve_json):
    url = serve_json(lambda asked: {"items": FORMS} if asked.path == "/forms" else {"items": []})
    with pytest.raises(SourceError, match="same page"):
        load(of(url))


@pytest.mark.parametrize(("said", "told"), [
    ({"endpoint": "responses"}, "needs one of its columns in the endpoint"),
    ({"endpoint": "forms/{form_id}/{other}"}, "names {other}"),
    ({"for_each": {"endpoint": "forms", "columns": {}}}, "at least 1"),
])  # fmt: skip
def test_mistakes_are_told_at_once(said, told):
    with pytest.raises(ValueError, match=told):
        of("https://forms.example", **said)


def test_what_a_row_calls_its_column_tells_a_special_category(api):
    table = of(api[0], for_each={"endpoint": "forms", "columns": {"form_id": "id", "title": "allergies"}}).tables[
        "responses"
    ]
    assert dropped_columns(table, table.columns) == ["title"]


@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key", "Cookie"])
def test_no_secret_stands_in_a_header_of_the_file(header):
    with pytest.raises(ValueError, match="write it as auth"):
        Source(connector="rest", url="https://forms.example", headers={header: "x"})


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [("forms/{form_id}", r"names \{form_id\}, and no for_each"), ('forms?q={"a":1}', "is written %7B or %7D")],
)
def test_a_brace_without_rows_that_it_names_is_told_before_a_night(endpoint, told):
    with pytest.raises(ValueError, match=told):
        Table(columns=COLUMNS, endpoint=endpoint)


def test_a_column_that_a_row_of_the_other_endpoint_no_longer_has_is_told(load, api):
    load(of(api[0]))
    names = [form.pop("name") for form in FORMS]
    try:
        with pytest.raises(SourceError, match="title is gone"):
            load(of(api[0], key=["form_id", "title"], columns={"form_id": "VARCHAR", "title": "VARCHAR"}, cursor=None))
        told = load(of(api[0], filled_only=["title"])).notes
    finally:
        for form, name in zip(FORMS, names, strict=True):
            form["name"] = name
    assert not any("title" in note for note in told)


def test_rows_are_not_chosen_by_what_they_do_not_have(load, api):
    said = {"endpoint": "forms", "columns": {"form_id": "id", "kind": "typ"}, "only": {"kind": ["x"]}}
    with pytest.raises(SourceError, match="has no typ"):
        load(of(api[0], for_each=said))
