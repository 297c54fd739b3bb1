"""Published database files that lack their end, or are no database: whether one is, and being rid of it. Not here: SQLite (run_history.py)."""

from __future__ import annotations

from pathlib import Path

import duckdb

# DuckDB's: three blocks of 4096 bytes stand before the others
_HEADER_BYTES = 3 * 4096
_BLOCKS = "select block_size, used_blocks from pragma_database_size() where database_name = 'looked_at'"
# an error of rights, of a lock or of too many open files says nothing of what the file holds
_WORDS = ("not a valid DuckDB database", "Could not read enough bytes", "Corrupt database file")


def is_cut(path: Path) -> bool:
    """Whether a file is shorter than the blocks that it uses, or has no header. Of one that may not be
    read, or that another program writes, nobody can say so: then not."""
    try:
        with duckdb.connect() as con:
            con.execute("attach $1 as looked_at (read_only)", [str(path)])
            block, blocks = con.execute(_BLOCKS).fetchall()[0]
            # a file that lacks its end opens all the same where its catalogue lies before that; free blocks at the end need not be
            # there
            return path.stat().st_size < _HEADER_BYTES + int(block) * int(blocks)
    except duckdb.Error as error:
        return any(words in str(error) for words in _WORDS)


def drop_cut(path: Path) -> bool:
    """Deletes a published file that is cut: no reader can use it, and nobody can be taken out of what it still holds. Says whether
    it was. Needs the lock."""
    if not is_cut(path):
        return False
    path.unlink()
    return True
