"""JSON Lines that are an array, one object a line, are read; a file of which most is rejected is none of its table."""

from __future__ import annotations

import gzip

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect, Quality

COLUMNS = {"id": "BIGINT", "name": "VARCHAR"}
OBJECTS = [f'{{"id": {n}, "name": "N]{n}"}}' for n in range(30)]
WRITTEN = {
    "commas": ",\n".join(OBJECTS) + ",\n",
    "array": "[\n" + ",\n".join(OBJECTS) + "\n]\n",
    "indented": "[\n  " + " ,\n  ".join(OBJECTS) + "\n]",
    "beside brackets": "[" + ",\n".join(OBJECTS) + "]",
    "commas before": "[" + "\n,".join(OBJECTS) + "\n]\n",
    "ends that differ": "[\r\n" + ",\n".join(OBJECTS) + "\r\n]\r\n",
    "lone returns": "[\n" + ",\r".join(OBJECTS) + "\r\n]\n",
    "blank lines": "\n[\n\n" + ",\n\n".join(OBJECTS) + "\n\n]\n\n",
    "behind one another": "[\n" + ",\n".join(OBJECTS[:15]) + "\n]\n[\n" + ",\n".join(OBJECTS[15:]) + "\n]\n",
    "arrays of one": "".join(f"[{one}]\n" for one in OBJECTS),
}


@pytest.fixture
def load(load_files):
    def go(content, columns=COLUMNS, name="a.x", format="jsonl", **more):
        files = {name: content} if name else content
        return load_files(files, columns=columns, format=format, **more)

    return go


@pytest.mark.parametrize("pack", [str.encode, lambda content: gzip.compress(content.encode())])
@pytest.mark.parametrize("content", WRITTEN.values(), ids=WRITTEN)
def test_every_object_of_an_array_is_a_row(load, warehouse, content, pack):
    counts = load(pack(content), table={"min_rows": 30})
    assert (counts.source_rows, counts.inserted, counts.rejected) == (30, 30, 0)
    assert warehouse.execute("select distinct name = 'N]' || id from raw_s.t").fetchall() == [(True,)]


def test_a_broken_line_in_it_is_a_reject_as_elsewhere(load, warehouse):
    content = WRITTEN["array"].replace('7, "name": "N]7"}', '7, "name"').replace("28, ", "28 ")
    counts = load(content)
    assert (counts.source_rows, counts.inserted, counts.rejected) == (30, 28, 2)
    told = warehouse.execute("select reason, content from quarantine.rejected_rows order by content").fetchall()
    assert told == [("not a JSON object", '"id": 28'), ("not a JSON object", '"id": 7')]


def test_a_column_that_is_gone_is_told_in_it_too(load):
    with pytest.raises(SourceError, match="is gone"):
        load(WRITTEN["array"].replace('"id"', '"nr"'))


@pytest.mark.parametrize("content", ["[]", "[\n]\n", " [ ]\n\n"])
def test_an_array_without_an_object_is_a_file_without_rows(load, content):
    assert load(content).source_rows == 0


@pytest.mark.parametrize("content", ["\n\n", "[1, 2]\n"])
def test_what_has_no_object_is_refused(load, content):
    with pytest.raises(SourceError, match="no row is a JSON object") as caught:
        load(content)
    assert "each object on a line of its own" in caught.value.to_do


BROKEN = {
    "jsonl": '{"id": 1, "name": "A"}\n' + '"id": 2, "name": "B"\n' * 20,
    "values": "".join(f'{{"id": "x{n}", "name": "B"}}\n' for n in range(20)) + '{"id": 1, "name": "A"}\n',
    "csv": "id,name\n1,A\n" + "".join(f"x{n},B\n" for n in range(20)),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_that_is_mostly_rejects_is_refused_beside_large_good_ones(load, warehouse, what):
    good = [f'{{"id": {n}, "name": "N"}}' for n in range(100, 400)]
    format = "csv" if what == "csv" else "jsonl"
    content = "id,name\n" + "".join(f"{n},N\n" for n in range(100, 400)) if what == "csv" else "\n".join(good) + "\n"
    load({"a.x": content}, name=None, format=format)
    with pytest.raises(SourceError, match=r"20 of 21 lines would be rejects; raw keeps what it had") as caught:
        load({"b.x": content.replace("N", "M"), "c.x": BROKEN[what]}, name=None, format=format)
    assert caught.value.where == "c.x"
    assert warehouse.execute("select distinct name from raw_s.t").fetchall() == [("N",)]
    # it is tried again, and may be accepted
    counts = load({}, name=None, format=format, quality=Quality(max_reject_share=1))
    assert (counts.updated, counts.inserted, counts.rejected) == (300, 1, 20)


@pytest.mark.parametrize(("lines", "good"), [(9, 1), (15, 15)])
def test_few_broken_lines_and_half_of_a_file_are_rejects(load, lines, good):
    content = "".join(one + "\n" for one in OBJECTS[:good]) + '{"id"\n' * lines
    assert load(content).rejected == lines


def test_header_lines_are_no_loss(load):
    content = "id,name\n" * 30 + "1,A\n"
    assert load(content, format="csv", csv=CsvDialect()).rejected == 29
