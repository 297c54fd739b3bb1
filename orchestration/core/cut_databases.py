"""DuckDB files that lack their end, or are no database: whether one is, and being rid of a published one. Not here: SQLite
(run_history.py)."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.core.errors import KundbildError

# DuckDB's: three blocks of 4096 bytes stand before the others
_HEADER_BYTES = 3 * 4096
_BLOCKS = "select block_size, used_blocks from pragma_database_size() where database_name = "
# an error of rights, of a lock or of too many open files says nothing of what the file holds
_SHORT = "Could not read enough bytes"
_WORDS = ("not a valid DuckDB database", _SHORT, "Corrupt database file")


def is_cut(path: Path) -> bool:
    """Whether a file is shorter than the blocks that it uses, or has no header. Of one that may not be
    read, or that another program writes, nobody can say so: then not."""
    try:
        with duckdb.connect() as con:
            con.execute("attach $1 as looked_at (read_only)", [str(path)])
            return _lacks_its_end(con, path, "'looked_at'")
    except duckdb.Error as error:
        return any(words in str(error) for words in _WORDS)


def assert_whole(con: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Raises KundbildError where the warehouse that was just opened lacks its end: a run would break off in some step."""
    if _lacks_its_end(con, warehouse, "current_database()"):
        raise cut(warehouse)


def is_of_cut(error: duckdb.Error, path: Path) -> bool:
    """Whether an error says that a database file lacks what it is to hold."""
    return _SHORT in str(error) and str(path) in str(error)


def cut(warehouse: Path) -> KundbildError:
    return KundbildError(
        "the warehouse file is truncated: blocks that it uses are missing",
        where=str(warehouse),
        to_do="restore the newest backup and run again; is the disk full or broken?",
    )


def _lacks_its_end(con: duckdb.DuckDBPyConnection, path: Path, database: str) -> bool:
    # a file that lacks its end opens all the same where its catalogue lies before that; free blocks at the end need not be there
    block, blocks = con.execute(_BLOCKS + database).fetchall()[0]
    return path.stat().st_size < _HEADER_BYTES + int(block) * int(blocks)


def drop_cut(path: Path) -> bool:
    """Deletes a published file that is cut: no reader can use it, and nobody can be taken out of what it still holds. Says whether
    it was. Needs the lock."""
    if not is_cut(path):
        return False
    path.unlink()
    return True
