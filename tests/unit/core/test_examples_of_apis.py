"""The examples of docs/apis.md are settings that are read, and say each authentication and each way to page."""

from __future__ import annotations

import re
import tomllib

from orchestration.core.settings import PROJECT_DIR, Source
from orchestration.core.settings.auth import Auth
from orchestration.core.settings.paging import Paging


def test_every_example_is_read_and_none_is_missing():
    blocks = re.findall(r"```toml\n(.*?)```", (PROJECT_DIR / "docs" / "apis.md").read_text(encoding="utf-8"), re.DOTALL)
    sources = [one for block in blocks for one in tomllib.loads(block)["sources"].values()]
    read = [Source.model_validate({"connector": "rest", "url": "https://shop.example"} | one) for one in sources]
    assert {one.auth.type for one in read if one.auth} == set(Auth.model_fields["type"].annotation.__args__)
    ways = {one.paging.next for one in read}
    assert ways >= set(Paging.model_fields["next"].annotation.__args__) - {"none"}
    assert any(table.rows_in for one in read for table in one.tables.values())
