"""An address register of the SPAR kind: people's new addresses, protected identities, deaths. As files, or by its HTTP API.

The connector of the source says which: `files` reads addresses_*.csv, `rest` asks for /addresses?updated_since=…, page by page.
What they deliver is one table, and everything after it knows of no difference. By API it is read whole each time: a protected
identity may be entered with an old date.
"""

from orchestration.extract.systems.registers import ADDRESSES

TABLES = {
    "addresses": ADDRESSES.model_copy(update={"endpoint": "addresses", "cursor": "effective_on", "read": "whole"})
}
