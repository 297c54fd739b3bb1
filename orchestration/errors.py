"""The errors that a person reads. Here: the one base class and what it promises. Not here: any handling."""

from __future__ import annotations

import re

# user and password of a URL, up to the last @ before a blank; and a password with blanks in it
_USER_OF_URL = re.compile(r"(\w+://)(?:[^\s]*|[^\s/@:]+:[^@\n]*)@")
# what a query, a DSN or a header calls a secret; short words only as a parameter of a URL
_VALUE = r"""(?:\\?'[^'\n]*'|\\?"[^"\n]*"|[^\s&;'"]+)"""
_NAMES = r"(?:password|passwd|pwd|token|secret|api[_-]?key|access[_-]?key(?:_id)?|credential|authorization)s?"
_NAMED = re.compile(
    rf"(?i)((?:{_NAMES}|sig|signature)\s*=\s*|"
    # a header, or a name in JSON
    rf"{_NAMES}\\?['\"]?\s*:\s*(?:(?:basic|bearer|digest|token|apikey)\s+)?|"
    rf"\bbearer\s+|\bbasic\s+(?=[a-z0-9+/]*[0-9=])|[?&](?:key|auth|code|pass|jwt|sas|sid|session)=){_VALUE}"
)


def without_secrets(text: str) -> str:
    """The text with passwords in URLs and values of secret parameters replaced by ***."""
    return _NAMED.sub(r"\1***", _USER_OF_URL.sub(r"\1***@", text))


class KundbildError(Exception):
    """Something the user can mend: `what` is wrong, `where` it is (file, key, line), and what `to_do` about it.

    Never carries a value out of customer data, nor a password of a URL: messages end in logs and in the orchestrator's
    storage.
    """

    def __init__(self, what: str, *, where: str = "", to_do: str = "") -> None:
        what, where, to_do = without_secrets(what), without_secrets(where), without_secrets(to_do)
        self.what, self.where, self.to_do = what, where, to_do
        parts = [what]
        if where:
            parts.append(f"  where: {where}")
        if to_do:
            parts.append(f"  to do: {to_do}")
        super().__init__("\n".join(parts))


class ConfigurationError(KundbildError):
    """`kundbild.toml` or the environment does not say what is needed."""


class SourceError(KundbildError):
    """A source system could not be read, or broke its schema contract. Other sources go on.

    `is_passing`: it may go away by itself, so trying again makes sense. `is_whole_source`: its other tables would fail
    alike. `tables`: the error of each table that failed, where extract_source raised it.
    """

    def __init__(
        self, what: str, *, where: str = "", to_do: str = "", is_passing: bool = False, is_whole_source: bool = False
    ) -> None:
        super().__init__(what, where=where, to_do=to_do)
        self.is_passing, self.is_whole_source = is_passing, is_whole_source
        self.tables: dict[str, SourceError] = {}


class WarehouseBusyError(KundbildError):
    """Another process holds the one writer's lock."""


class HomeVersionError(KundbildError):
    """Another version of the program built this home, and this one cannot go on with it."""


class GateError(KundbildError):
    """The quality gates said no: nothing is published."""
