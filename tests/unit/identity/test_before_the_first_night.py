"""Commands that are given before the first night, on a home where another command made an empty warehouse."""

from __future__ import annotations

from datetime import datetime

import pytest

from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.migrations import opened
from orchestration.core.settings import Engine, Identity, Settings, Source
from orchestration.core.warehouse import open_warehouse
from orchestration.identity.decisions import Decision, decide
from orchestration.identity.training import train_nightly_model
from orchestration.privacy.intake.noted import prepare_noted
from orchestration.run.prove_erasure import prove
from orchestration.run.unfinished import finish_unfinished


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(company="T", sources={"crm": Source(connector="files", url=str(tmp_path), system="crm")})


def test_what_needs_a_night_says_so_and_leaves_nothing_to_finish(home: Home, settings: Settings):
    with opened(home, Engine(), "kundbild requests") as con:
        for command in (
            lambda: train_nightly_model(con, home, Identity()),
            lambda: decide(con, [Decision(("crm", "1"), ("crm", "2"), "same")], "me", datetime(2026, 1, 1)),
        ):
            with pytest.raises(KundbildError, match="no night has read people yet"):
                command()
    with pytest.raises(KundbildError, match="no night has made customers yet"):
        prove(home, settings)
    assert not home.erasure_mark.exists()


def test_an_erasure_that_an_older_version_left_is_finished_without_its_macros(home: Home, settings: Settings):
    with open_warehouse(home, Engine()) as con:
        prepare_noted(con)
    home.erasure_mark.touch()
    finish_unfinished(home, settings)
    assert not home.erasure_mark.exists()
