"""Texts that are read set-wise give what the macros give of each alone."""

from __future__ import annotations

import pytest

from orchestration.match_keys.addresses import read_addresses

PLAIN = ["anna@x.se", "Bo.Ek+list@GMAIL.com"]
NONE = ["070-111 22 33", "Storgatan 1, 111 22 Stockholm"]
ODD = [
    "anna (at) x.se", "anna at x.se", "<anna@x.se>, bo@x.se", "alva .ek@x.se", "deleted_anna@x.se", "anna@x.se.old",
    "anna＠x.se", "anna@xn--smrgs-pqa.se", "Anna Berg <anna@x.se>", "0701112233 anna@x.se", "",
]  # fmt: skip


@pytest.mark.parametrize("texts", [[*PLAIN, *NONE], [*PLAIN, *PLAIN, *NONE, *ODD, None], []], ids=["plain", "odd", "nothing"])  # fmt: skip
def test_each_text_is_read_as_by_the_macros(warehouse, texts):
    warehouse.execute("create temp table said (written varchar)")
    for text in texts:
        warehouse.execute("insert into said values (?)", [text])
    read_addresses(warehouse, "select written from said")
    read = {
        written: (key, addresses) for written, key, addresses in warehouse.execute("from addresses_read").fetchall()
    }
    alone = {
        text: warehouse.execute("select match_keys.email_key($1), match_keys.withdrawn_addresses($1)", [text]).fetchone()
        for text in texts
    }  # fmt: skip
    assert {text: read.get(text, (None, [])) for text in alone} == {
        text: (key, addresses or []) for text, (key, addresses) in alone.items()
    }
    assert len(read) == len(set(texts) & {*PLAIN, *ODD} - {""}), "what holds no address is not listed"
