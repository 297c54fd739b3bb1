"""A segment of a company's own is written into kundbild.toml, and nothing else there changes."""

from __future__ import annotations

import tomllib

import pytest

from orchestration.core.added_block import add_block
from orchestration.core.errors import ConfigurationError
from orchestration.transform.own_segments import segment_block

BEFORE = '# ours\ncompany = "Tält AB" # it stays\n\n[sources.shop]\nconnector = "files"\nurl = "/d"'


def test_the_block_stands_behind_what_is_there_and_is_read_as_it_was_said(tmp_path):
    path, where = tmp_path / "kundbild.toml", "rfm_segment = 'it\"s \\ å' and order_count > 1"
    path.write_text(BEFORE, encoding="utf-8")
    path.chmod(0o644)
    add_block(path, segment_block("vips", where, "own", 'the "best"'))
    add_block(path, segment_block("others", "order_count > 2", None, ""))
    text = path.read_text(encoding="utf-8")
    assert text.startswith(BEFORE) and path.stat().st_mode & 0o777 == 0o644
    assert tomllib.loads(text)["segments"] == {
        "vips": {"where": where, "scheme": "own", "description": 'the "best"'}, "others": {"where": "order_count > 2"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "before", ["segments = { vips = { where = 'true' } }", "[segments.vips]\nwhere = 'true'", "[[segments]]\nx = 1"]
)
def test_where_a_block_cannot_stand_behind_it_nothing_is_written_and_the_block_is_told(tmp_path, before):
    path = tmp_path / "kundbild.toml"
    path.write_text(before)
    with pytest.raises(ConfigurationError, match=r"add it by hand:\n\n\[segments.vips\]"):
        add_block(path, segment_block("vips", "order_count > 1", None, ""))
    assert path.read_text() == before


def test_the_command_counts_only_or_writes_and_refuses_what_is_wrong_or_there(kundbild, tmp_path):
    import json

    from tests.conftest import CONFIG, Kundbild

    config = tmp_path / "own.toml"
    config.write_text(CONFIG.read_text(encoding="utf-8"), encoding="utf-8")
    mine = Kundbild(kundbild.home, config)
    said = ("add-segment", "vips", "--where", "order_count >= 10")
    assert json.loads(mine(*said, "--try", "--json").stdout)["is_written"] is False
    assert config.read_text() == CONFIG.read_text()
    wrong = mine("add-segment", "vips", "--where", "order_cont > 1", code=2).stderr
    assert "there is no column order_cont" in wrong and "did you mean order_count?" in wrong
    taken = mine("add-segment", "lifecycle", "--where", "order_count > 3", code=2).stderr
    assert "there is a scheme lifecycle" in taken and "--scheme lifecycle" in taken
    assert "cannot be named 'Big Ones'" in mine("add-segment", "Big Ones", "--where", "true", code=2).stderr
    written = mine(*said).stdout
    assert "[segments.vips]" in written and "after the first night" in written
    assert tomllib.loads(config.read_text())["segments"] == {"vips": {"where": "order_count >= 10"}}
    assert "there is a segment vips" in mine(*said, code=2).stderr
