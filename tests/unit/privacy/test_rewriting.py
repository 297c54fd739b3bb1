"""Files written anew: what a search of their bytes can find in them."""

from __future__ import annotations

from orchestration.core.settings import Engine
from orchestration.core.warehouse import open_warehouse
from orchestration.privacy.erasure.rewriting import rewrite_warehouse


def test_rows_that_are_laid_open_lie_in_the_clear_wherever_they_stood(home):
    tokens = [f"{kind}{number:04d}e5f60718293a4b5c6d7e8f90" for kind in ("canary", "control") for number in (1, 2)]
    with open_warehouse(home, Engine()) as con:
        for number in (1, 2):
            # much alike, so that compression hides every value of them
            con.execute(
                f"create table t{number} as select i, case i when 60000 then '{tokens[number - 1]}' when 60001 then '{tokens[number + 1]}' "
                "else 'canary' || lpad((i % 9000)::varchar, 4, '0') || 'e5f60718293a4b5c6d7e8f90' || i end as name "
                f"from range({number * 130_000}) t(i)"
            )

    def found() -> list[str]:
        content = home.warehouse.read_bytes()
        return [token for token in tokens if token.encode() in content]

    rewrite_warehouse(home, Engine())
    size = home.warehouse.stat().st_size
    hidden = found()
    rewrite_warehouse(
        home,
        Engine(),
        laid_open=[("t1", "i in (60000, 60001)"), ("t2", "i between 60000 and 60001")],
    )
    assert found() == tokens != hidden
    # and the rest is as small as before
    assert home.warehouse.stat().st_size < 3 * size
    with open_warehouse(home, Engine()) as con:
        assert con.execute("select (select count(*) from t1), (select count(*) from t2)").fetchall() == [
            (130_000, 260_000)
        ]
