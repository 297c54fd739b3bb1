"""What tests of sources stand on: files of two columns that are loaded, and a small server on loopback. Not here: what it answers."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.unit.extract.deliveries import TEXT
from tests.unit.extract.loopback import serving


@pytest.fixture
def serve_json():
    """Starts a server; `answer(asked)` gives its body, or (body, status, headers). Returns its URL."""
    with ExitStack() as servers:
        yield lambda answer: servers.enter_context(serving(answer))


@pytest.fixture
def load(load_files):
    """Loads files with an id and a status, unless `columns` says others."""
    return lambda files=None, **more: load_files(files, **{"columns": TEXT, **more})


@pytest.fixture
def raw(warehouse):
    """What stands in raw of them."""
    return lambda columns="id, status": warehouse.execute(
        f"select {columns} from raw_s.t where _deleted_at is null order by all"
    ).fetchall()
