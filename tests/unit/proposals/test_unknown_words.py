"""Words of a status that nobody knows: `add-source` tells them with the line to write, and the usual ones of the Nordic languages are known."""

from __future__ import annotations

import sqlite3
import tomllib
from collections import Counter

import pytest

from orchestration.contracts.seeds import seed
from orchestration.core.settings.maps import EntityMap
from orchestration.proposals.propose import propose
from tests.unit.mapped import models_of, raw, set_clock_and_retention
from tests.unit.proposals.blocks import settings_of

USUAL = {
    "completed": "Levererad Levert Leveret Toimitettu Delivered Skickad Sendt Afsendt Lähetetty Shipped Hämtad Hentet Afhentet Noudettu",
    "paid": "Betald Betalt Maksettu Paid",
    "open": "Obetald Ubetalt Maksamatta Pending Väntar Venter Afventer Odottaa Beställd Bestilt Tilattu",
    "refunded": "Återbetald Tilbakebetalt Tilbagebetalt Hyvitetty Refunded Returnerad Returnert Returneret Palautettu Returned",
    "cancelled": "Avbeställd Avbestilt Afbestilt Peruttu Peruutettu Cancelled Kansellert Annullert Annulleret Annullerad Makulerad",
    "partially refunded": "Delvis_återbetald Delvis-tilbakebetalt Delvist_tilbagebetalt Osittain_hyvitetty Partially_refunded",
}
# twelve of a word that nobody knows, one that may be anything, two that are known, and of a row that has none
STATES = ["Förvirrad"] * 12 + ["Anna Ek", "Avbestilt", "LEVERT ", ""]
ORDERS = [
    {"order_id": f"B{n}", "order_date": "2026-01-03", "total": "5.50", "status": word} for n, word in enumerate(STATES)
]


def test_the_usual_words_of_five_languages_are_known_once():
    rows = seed("order_statuses")
    known = {row["spelling"]: row["status"] for row in rows}
    assert [word for word, times in Counter(row["spelling"] for row in rows).items() if times > 1] == []
    assert [word for word in known if word != word.strip().lower().translate(str.maketrans("_-", "  "))] == []
    for meant, words in USUAL.items():
        for word in words.split():
            assert (word, known.get(word.lower().translate(str.maketrans("_-", "  ")))) == (word, meant)


def csv_of(folder):
    rows = [",".join(ORDERS[0]), *(",".join(row.values()) for row in ORDERS)]
    (folder / "orders.csv").write_text("\n".join(rows) + "\n")
    return str(folder / "orders.csv")


def sqlite_of(folder):
    with sqlite3.connect(folder / "shop.sqlite") as con:
        con.execute("create table orders (order_id text primary key, order_date text, total numeric, status text)")
        con.executemany("insert into orders values (?, ?, ?, ?)", [tuple(row.values()) for row in ORDERS])
    con.close()
    return f"sqlite:///{folder / 'shop.sqlite'}"


@pytest.mark.parametrize("place", [csv_of, sqlite_of])
def test_words_that_are_not_known_are_told_with_the_line_that_maps_them(tmp_path, warehouse, place):
    found = propose("shop", place(tmp_path), "SEK")
    (note,) = [one for one in found.notes if "is not known" in one]
    assert note.startswith(
        "status: 13 of 16 rows have a word that is not known as the status of orders (förvirrad and 1 more)"
    )
    assert "ek" not in note.lower() and "one of open, paid, completed, partially refunded, refunded, cancelled" in note
    assert "# look at it: 13 rows have a word that is not known" in found.block

    set_clock_and_retention(warehouse)
    raw(warehouse, "orders", *ORDERS)
    shape = settings_of(found).sources["shop"].tables["orders"]
    line = note[note.index("status = {") :].replace('förvirrad" = "…"', 'förvirrad" = "paid"')
    (said,) = tomllib.loads(line).values()
    (one,) = [one for one in shape.maps if one.entity == "orders"]
    mapped = EntityMap.model_validate(one.model_dump(exclude_unset=True) | {"columns": {**one.columns, "status": said}})
    models = models_of({"orders": shape.model_copy(update={"maps": [mapped]})}, ("",))
    states = warehouse.execute(
        f"select status, count(*) from ({models['orders'][0]}) group by 1 order by 2 desc"
    ).fetchall()
    assert states[0] == ("paid", 12)
