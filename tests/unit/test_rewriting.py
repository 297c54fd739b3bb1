"""Files written anew: what a search of their bytes can find in them."""

from __future__ import annotations

from orchestration.privacy.rewriting import rewrite_warehouse
from orchestration.settings import Engine
from orchestration.warehouse import open_warehouse


def test_what_was_added_last_lies_in_the_clear_where_the_file_is_searched(home):
    tokens = [f"{kind}{number:04d}e5f60718293a4b5c6d7e8f90" for kind in ("canary", "control") for number in (1, 2)]
    with open_warehouse(home, Engine()) as con:
        for number in (1, 2):
            # much alike, so that compression hides every value of them
            con.execute(
                f"create table t{number} as select i, 'canary' || lpad((i % 9000)::varchar, 4, '0') || 'e5f60718293a4b5c6d7e8f90' || i as name "
                f"from range({number * 130_000}) t(i)"
            )
            con.execute(f"insert into t{number} values (-1, '{tokens[number - 1]}'), (-2, '{tokens[number + 1]}')")

    def found() -> list[str]:
        content = home.warehouse.read_bytes()
        return [token for token in tokens if token.encode() in content]

    before = home.warehouse.read_bytes()
    rewrite_warehouse(home, Engine())
    size = home.warehouse.stat().st_size
    hidden = found()
    # that copy has an order of its own: what was added last may lie anywhere in it
    home.warehouse.write_bytes(before)
    rewrite_warehouse(home, Engine(), is_searched=True)
    assert found() == tokens != hidden
    # and the rest is as small as before
    assert home.warehouse.stat().st_size < 3 * size
    with open_warehouse(home, Engine()) as con:
        assert con.execute("select (select count(*) from t1), (select count(*) from t2)").fetchall() == [
            (130_002, 260_002)
        ]
