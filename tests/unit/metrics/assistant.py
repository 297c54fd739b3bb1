"""An assistant that waits: starts the server as its child, says that server's process on standard output, and asks nothing more."""

from __future__ import annotations

import os
import sys

import anyio
from mcp import Client, StdioServerParameters


async def main() -> None:
    command = StdioServerParameters(command=sys.argv[1], args=sys.argv[2:], env=dict(os.environ))
    async with Client(command) as client:
        await client.list_tools()
        print("ready", flush=True)
        await anyio.sleep(60)


anyio.run(main)
