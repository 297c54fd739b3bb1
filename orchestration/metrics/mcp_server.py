"""Serves metrics, tables and definitions to an assistant (Model Context Protocol, standard input and output).

Read-only, of the grade analyst. There is no free SQL here: whether its answer tells of few people cannot be said. Each question
opens the publication anew, so a new one is seen at once. Not here: the answers (answer.py, catalogue.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import ToolAnnotations
from pydantic import ConfigDict, Field

from orchestration.core.configuration import home_and_config, load_privacy
from orchestration.core.errors import HomeVersionError, KundbildError
from orchestration.core.migrations import refuse_newer
from orchestration.metrics import catalogue
from orchestration.metrics.answer import answer
from orchestration.privacy.audit.access import QUERIED, note_access
from orchestration.publishing.grades import ANALYST

_THROUGH = "mcp"
_INSTRUCTIONS = """Answers questions about the company's customers from metrics that are defined once.
Call list_metrics first, then query_metric with its names. A group of few customers is left out, and with it the smallest other
one (`hidden` says how many groups): do not add up what is shown and call it the total; ask for the total without `by`.
Say the unit, the period and the publication with each number. Metrics with a note "always by …" must not be summed over it."""
# what the command line calls what is here a tool or an argument
_WORDS = {
    "`kundbild metrics list` lists the metrics": "the tool list_metrics lists them",
    "`kundbild metrics list`": "the tool list_metrics says which",
    "--from": "from_day",
    "--to": "to_day",
}


def serve() -> None:
    """Serves until the assistant closes standard input. Raises HomeVersionError where a newer program built the home."""
    refuse_newer(home_and_config()[0])
    server().run("stdio")


def server() -> MCPServer[Any]:
    """The server with its tools."""
    tools = [_strict(_told(tool)) for tool in (list_metrics, query_metric, list_tables, describe_table, definition)]
    return MCPServer("kundbild", title="Kundbild", instructions=_INSTRUCTIONS, log_level="WARNING", tools=tools)


def _strict(call: Callable[..., dict[str, Any]]) -> Tool:
    """The tool, which refuses an argument that it does not have: left out, it would answer another question than was asked."""
    reads = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
    tool = Tool.from_function(call, annotations=reads)
    asked = tool.fn_metadata.arg_model
    # named as the SDK names it: the error says the name
    tool.fn_metadata.arg_model = type(asked.__name__, (asked,), {"model_config": ConfigDict(extra="forbid")})
    tool.parameters = {**tool.parameters, "additionalProperties": False}
    return tool


def _told(tool: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """The same, with an error as the assistant is to read it: what is wrong and what to do."""

    @wraps(tool)
    def call(*args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            return tool(*args, **kwargs)
        except HomeVersionError as error:
            # nothing is written to that home, no note either
            raise ToolError(str(error)) from error
        except KundbildError as error:
            _note(tool.__name__, failed="refused")
            text = str(error)
            for here, there in _WORDS.items():
                text = text.replace(here, there)
            raise ToolError(text) from error

    return call


def _note(tool: str, **how: str) -> None:
    """A call that reads no rows is noted as well."""
    home, config = home_and_config()
    # the home may have become newer while this process serves
    refuse_newer(home)
    note_access(home, load_privacy(config), QUERIED, of=ANALYST.name, through=_THROUGH, tool=tool, rows=0, **how)


def list_metrics() -> dict[str, Any]:
    """Every metric: its name, what it means, its unit, who answers for it, the grains of time and the dimensions it can be asked by,
    as entity__dimension (the dimension alone does as well). `dimensions` says what each means."""
    _note("list_metrics")
    return {"metrics": catalogue.metrics_told(), "dimensions": catalogue.dimensions_told()}


def query_metric(
    metrics: Annotated[list[str], Field(description="Names of list_metrics, at most 8, as net_revenue.")],
    by: Annotated[list[str] | None, Field(description="Dimensions of list_metrics: a row for each value.")] = None,
    where: Annotated[
        list[str] | None,
        Field(
            description="Conditions, all of which hold: dimension=value,value or dimension!=value; no value: unknown."
        ),
    ] = None,
    grain: Annotated[str, Field(description="day, week, month, quarter or year: a row for each.")] = "",
    from_day: Annotated[str, Field(description="First day of the period, as 2026-05-31.")] = "",
    to_day: Annotated[str, Field(description="Last day of the period.")] = "",
) -> dict[str, Any]:
    """The metrics, group by group, with units, the publication they are of, and how many groups are hidden for few people."""
    found = answer(metrics, by=by or [], where=where or [], first=from_day, last=to_day, grain=grain, through=_THROUGH)
    return found.as_dict()


def list_tables() -> dict[str, Any]:
    """The tables that metrics are made of, and what a row of each is. Their rows are not served here."""
    return {"tables": catalogue.tables_told({"through": _THROUGH, "tool": "list_tables"})}


def describe_table(table: Annotated[str, Field(description="A name of list_tables, as fct_orders.")]) -> dict[str, Any]:
    """The columns of one table, with type and meaning."""
    return catalogue.table_told(table, {"through": _THROUGH, "tool": "describe_table"})


def definition(
    term: Annotated[str, Field(description="A metric, a dimension, or a word such as customer, permission, segment.")],
) -> dict[str, Any]:
    """What a metric, a dimension or a word means here."""
    _note("definition")
    return catalogue.definition_of(term)
