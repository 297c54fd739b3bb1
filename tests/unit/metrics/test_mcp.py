"""What an assistant is served over standard input and output, asked by the SDK's own client."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from mcp import Client, StdioServerParameters

from orchestration.contracts.metric_definitions import read_definitions
from orchestration.core.configuration import home_and_config, load_privacy
from orchestration.core.settings import PROJECT_DIR
from orchestration.privacy.audit.access import reads
from orchestration.privacy.audit.log import audit_log
from tests.unit.metrics.conftest import example, publish

CLI = Path(sys.executable).parent / "kundbild"
TOOLS = {"list_metrics", "query_metric", "list_tables", "describe_table", "definition"}


def environment(home: Path, config: Path = PROJECT_DIR / "kundbild.toml") -> dict[str, str]:
    return {
        **os.environ,
        "KUNDBILD_HOME": str(home),
        "KUNDBILD_CONFIG": str(config),
        "PYTHONPATH": str(PROJECT_DIR),
    }


def with_client(home: Path, ask: Callable[[Client], Awaitable[Any]], mode: str = "auto", **where: Path) -> Any:
    async def run() -> Any:
        command = StdioServerParameters(command=str(CLI), args=["mcp"], env=environment(home, **where))
        async with Client(command, mode=mode, read_timeout_seconds=60) as client:
            return await ask(client)

    return asyncio.run(run())


async def told(client: Client, tool: str, **arguments: Any) -> Any:
    """What a tool answers; an error's text where it is one."""
    result = await client.call_tool(tool, arguments)
    text = result.content[0].text
    if result.is_error:
        return text
    assert json.loads(text) == result.structured_content
    return result.structured_content


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("mcp") / "home"
    publish(home, "20260101T000000-first", example())
    return home


def test_every_tool_answers_and_every_call_is_noted(tmp_path: Path, monkeypatch):
    home = tmp_path / "home"
    publish(home, "20260101T000000-first", example())
    # a source's secret is not set: who asks needs none
    config = tmp_path / "kundbild.toml"
    config.write_text(
        'company = "C"\n[sources.shop]\nkind = "rest"\ntoken = "${NOT_SET_HERE}"\n[segments.big_spender]\nscheme = "size"\n'
        + 'where = "order_count >= 9\\n and not is_business"\ndescription = "Buys a lot."\n'
    )

    async def ask(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == TOOLS
        assert all(tool.description and tool.annotations and tool.annotations.read_only_hint for tool in tools)
        metrics = (await told(client, "list_metrics"))["metrics"]
        assert {metric["name"] for metric in metrics} == set(read_definitions().listed)
        (revenue,) = [metric for metric in metrics if metric["name"] == "net_revenue"]
        assert (
            revenue["grains"] == ["day", "week", "month", "quarter", "year"]
            and "order__channel" in revenue["dimensions"]
        )
        answer = await told(
            client, "query_metric", metrics=["orders", "net_revenue"], by=["country"], where=["country=NO"], grain="year", from_day="2025-01-01", to_day="2025-12-31",
        )  # fmt: skip
        assert answer["columns"] == ["year", "country", "orders", "net_revenue"] and len(answer["rows"]) == 1
        assert answer["units"]["net_revenue"] == "SEK" and answer["publication"] == "20260101T000000-first"
        tables = (await told(client, "list_tables"))["tables"]
        assert {"table": "fct_orders", "description": "One row per thing."} in tables
        described = await told(client, "describe_table", table="bi.fct_orders")
        assert described["columns"][0] == {"column": "source_system", "type": "varchar", "description": "What it is."}
        assert (await told(client, "definition", term="Net revenue"))["kind"] == "metric"
        assert set((await told(client, "definition", term="channel"))["meanings"]) == {
            "ad__channel",
            "attribution__channel",
            "order__channel",
            "permission__channel",
            "session__channel",
        }
        assert "did you mean" in await told(client, "query_metric", metrics=["net_revenu"])
        for term, says in {"reservation": "register", "Lapsed": "Last order one to two years ago", "churned": "more than two years ago",
                           "RFM": "champions (recency 4 to 5 of 5 and frequency 4 to 5 of 5)", "at risk": "rfm: recency 1 to 2", "markov": "taken out of the paths",
                           "lift": "held out", "cohort": "first order", "hold-out": "at random", "value tier": "top (The 5 %",
                           "big_spender": "size: Buys a lot; the rule: order_count >= 9 and not is_business", "size": "big_spender (Buys a lot"}.items():  # fmt: skip
            assert says in (await told(client, "definition", term=term))["description"], term

    with_client(home, ask, config=config)
    monkeypatch.setenv("KUNDBILD_HOME", str(home))
    folder, config = home_and_config()
    noted = [entry.detail for entry in reads(audit_log(folder, load_privacy(config)), grade="analyst")]
    assert all(detail["through"] == "mcp" for detail in noted)
    # describing a table reads first which there are
    assert [detail.get("tool") or detail["metric_1"] for detail in noted] == [
        "list_metrics", "orders", "list_tables", "describe_table", "describe_table", "definition", "definition", "query_metric", *["definition"] * 12,
    ]  # fmt: skip
    assert noted[4]["table"] == "fct_orders" and noted[7]["failed"] == "refused"


def test_the_handshake_of_older_assistants_works_too(home: Path):
    async def ask(client: Client) -> Any:
        return await told(client, "query_metric", metrics=["orders"])

    assert with_client(home, ask, mode="legacy")["rows"][0]["orders"] > 1000


def test_an_error_teaches_and_a_group_of_few_is_not_served(home: Path):
    async def ask(client: Client) -> None:
        assert "did you mean net_revenue" in await told(client, "query_metric", metrics=["net_revenu"])
        assert "the tool list_metrics" in await told(client, "query_metric", metrics=["net_revenu"])
        assert "channel" in await told(client, "query_metric", metrics=["orders"], by=["chanel"])
        assert "customer_key" in await told(client, "query_metric", metrics=["orders"], by=["customer_key"])
        assert "from_day is the first day" in await told(
            client, "query_metric", metrics=["orders"], from_day="2026-02-01", to_day="2026-01-01"
        )
        assert "did you mean fct_orders" in await told(client, "describe_table", table="fct_order")
        assert "did you mean" in await told(client, "definition", term="permision")
        # of a wrong type, of no tool, and SQL where a value is: an error, and it serves on
        assert "metrics" in await told(client, "query_metric", metrics=7)
        # of no such argument: without it the answer would be of all time
        assert "from" in (refused := await told(client, "query_metric", metrics=["orders"], **{"from": "2026-01-01"}))
        assert "not permitted" in refused
        assert "Unknown tool" in await told(client, "drop_tables")
        assert "no value of channel" in await told(
            client, "query_metric", metrics=["orders"], where=["channel=x') or (1=1"], by=["channel"]
        )
        few = await told(client, "query_metric", metrics=["customers"], by=["country"])
        assert few["hidden"] == 2 and "FI" not in {row["country"] for row in few["rows"]}

    with_client(home, ask)


@pytest.mark.slow
def test_questions_at_the_same_time_are_answered_each_for_itself(home: Path):
    names = ["orders", "customers", "nps", "sessions", "tickets", "emails_read"]

    async def ask(client: Client) -> tuple[list[Any], list[Any]]:
        together = await asyncio.gather(*(told(client, "query_metric", metrics=[name]) for name in names))
        return together, [await told(client, "query_metric", metrics=[name]) for name in names]

    together, one_by_one = with_client(home, ask)
    assert together == one_by_one and [list(answer["rows"][0]) for answer in together] == [[name] for name in names]


def test_a_new_publication_is_answered_from_at_once(tmp_path: Path):
    publish(tmp_path, "20260101T000000-first", example())

    async def ask(client: Client) -> tuple[Any, Any]:
        before = await told(client, "query_metric", metrics=["customers"])
        publish(tmp_path, "20260102T000000-second", example(), "delete from bi.dim_customers where customer_key > 'c3'")
        return before, await told(client, "query_metric", metrics=["customers"])

    before, after = with_client(tmp_path, ask)
    assert before["publication"] == "20260101T000000-first" and before["rows"] == [{"customers": 60}]
    assert after["publication"] == "20260102T000000-second" and 5 <= after["rows"][0]["customers"] < 60


def test_before_the_first_publication_it_says_so(tmp_path: Path):
    async def ask(client: Client) -> Any:
        return await told(client, "query_metric", metrics=["customers"])

    assert "nothing is published yet" in with_client(tmp_path, ask)


def test_an_assistant_that_is_killed_leaves_no_process(home: Path):
    assistant = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("assistant.py")), str(CLI), "mcp"],
        env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert assistant.stdout and assistant.stdout.readline() == "ready\n"
    servers = psutil.Process(assistant.pid).children(recursive=True)
    assert servers
    assistant.kill()
    assistant.wait()
    gone, left = psutil.wait_procs(servers, timeout=10)
    for process in left:
        process.kill()
    assert gone and not left
