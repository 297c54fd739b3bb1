"""The errors that a person reads. Here: the one base class and what it promises. Not here: any handling."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

# user and password of a URL, up to the last @ before a blank, or what a library wrote for one behind the first; and a password
# with blanks in it, up to the last @ of the line. Without a scheme only what has a colon before the @: a path may have two slashes
_USER_OF_URL = re.compile(r"(\w+://)(?:[^\s/@:]*:(?!\d+(?:[/\s]|$))[^\n]*|[^\s]*)(?:@[^\s]*%40|@)")
_USER_OF_BARE_URL = re.compile(r"(?<![:\w])(//)[^\s/@:]*:[^\s]*@")
# the address of a webhook is its own secret: all that stands behind the word, of whatever service
_HOOK = re.compile(
    r"(?i)((?:(?:^|[\s/'\"(])(?:incoming[_-]?)?(?:web)?hooks?|/webhookb2|//hooks\.[^\s/]+)/)[^\s'\"<>)\]}?]+"
)
# some APIs carry the secret as a part of the path: a part of a web address with so many letters and digits mixed in it says nothing
# that people read
_WEB_PATH = re.compile(r"(?i)(?:(?<=http://)|(?<=https://))[^\s/'\"<>?#]+(/[^\s'\"<>?#]*)")
_RANDOM = re.compile(
    r"(?i)(?<=/)(?=[^/]*(?:(?<![a-z0-9])(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{16,}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}))[^/]+"
)
# what a query, a DSN, a connection string or a header calls a secret; short words only as a parameter of a URL
_KEYS = (
    "access|account|api|app|application|auth|client|consumer|encryption|functions|license|master|private|secret|secret[_ -]?access|service|session|shared|"
    "shared[_ -]?access|signing|ssh|storage|subscription"
)
# what is a secret by its name
SECRET_NAME = rf"(?:password|passwd|pwd|passphrase|token|secret|hmac|(?:{_KEYS})[_ -]?key(?:_id|_json)?|keyfile_json|credential|authorization)s?"
_SAID = rf"(?:{SECRET_NAME}|(?<![a-z])pass|sig|(?:shared[_ -]?access[_ -]?)?signature)"
_PARAMETERS = "(?:k|t|key|tok|auth|code|otp|pin|pw|pass|jwt|sas|sid|session|sign)"
# the name of a parameter of a URL whose value may be a secret
SECRET_PARAMETER = rf"(?:[\w.-]*{_SAID}|{_PARAMETERS})"
# of a connection string all up to its semicolon
_VALUE = r"""(?:\\?'[^'\n]*'|\\?"[^"\n]*"|\{[^}\n]*\}|[^\s&;'"=][^&;'"\n=]*(?=;)|\\?['"]?[^\s&;'"]+)"""
# what an error tells to write instead says nothing
_NOT_SAID = r"""(?!\\?['"]?(?:\$\{\w+\}|…)['"]?(?:[\s,;)]|$))"""
_NAMED = re.compile(
    rf"(?i)({_SAID}\s*=\s*|"
    # a header, or a name in JSON
    rf"{SECRET_NAME}\\?['\"]?\s*:\s*(?:(?:basic|bearer|digest|token|apikey)\s+)?|"
    rf"\bbearer\s+|\bbasic\s+(?=[a-z0-9+/]*[0-9=])|[?&]{_PARAMETERS}=){_NOT_SAID}{_VALUE}"
)
# percent-encoded once or twice, as odbc_connect is
_OPEN, _CLOSED = "%(?:25)*7b", "%(?:25)*7d"
_ENCODED = re.compile(
    rf"(?i)((?:{_SAID}|(?:[?&]|%(?:25)*(?:3f|26)){_PARAMETERS})%(?:25)*3d)"
    rf"(?:{_OPEN}(?:(?!{_CLOSED})[^\s&])*{_CLOSED}|(?:[^\s&;'\"%]|%(?!(?:25)*(?:3b|26)))+)"
)
_COOKIE = re.compile(r"(?i)\b((?:set-)?cookie\s*:\s*)[^\n]+")


def without_secrets(text: str) -> str:
    """The text with passwords in URLs and values of secret parameters replaced by ***."""
    for pattern in (_USER_OF_URL, _USER_OF_BARE_URL):
        text = pattern.sub(r"\1***@", text)
    return without_named_secrets(text)


_WEB_ADDRESS = re.compile(r"(?i)(.*https?://)(?:[^/?#\\]*@)?([^/?#\\]*)(.*)", re.DOTALL)


def told_address(url: str) -> str:
    """A source's URL as it may be told: of a web address only the host, for any part of its path may be a secret, however short;
    of any other one what stands before a query."""
    if not (found := _WEB_ADDRESS.fullmatch(url)):
        return url.partition("?")[0]
    return f"{found[1]}{found[2]}" + ("/…" if found[3].strip("/") else "")


def without_named_secrets(text: str) -> str:
    """The text with values of secret parameters replaced by ***, all behind the word hook in a path, and random parts of a path."""
    text = _WEB_PATH.sub(lambda found: _RANDOM.sub("***", found[0]), text)
    for pattern in (_HOOK, _COOKIE, _NAMED, _ENCODED):
        text = pattern.sub(r"\1***", text)
    return text


def did_you_mean(name: str, known: Iterable[str], most: int = 1) -> str:
    """The question whether a name that is not known means one of the nearest that are, up to `most`; empty where none is near."""
    near = get_close_matches(name, list(known), n=most)
    return f"did you mean {' or '.join(near)}?" if near else ""


class KundbildError(Exception):
    """Something the user can fix: `what` is wrong, `where` it is (file, key, line), and what `to_do` about it.

    Never carries a value out of customer data, nor a password of a URL: messages end in logs and in the orchestrator's
    storage. `kind` is its name for machines.
    """

    kind = "error"

    def __init__(self, what: str, *, where: str = "", to_do: str = "") -> None:
        what, where, to_do = without_secrets(what), without_secrets(where), without_secrets(to_do)
        self.what, self.where, self.to_do = what, where, to_do
        parts = [what]
        if where:
            parts.append(f"  where: {where}")
        if to_do:
            parts.append(f"  to do: {to_do}")
        super().__init__("\n".join(parts))

    def as_dict(self) -> dict[str, str]:
        """What `--json` answers."""
        return {"error": self.what, "kind": self.kind, "where": self.where, "to_do": self.to_do}


class ConfigurationError(KundbildError):
    """`kundbild.toml` or the environment does not say what is needed."""

    kind = "configuration"


class SourceError(KundbildError):
    """A source system could not be read, or broke its schema contract. Other sources go on.

    `is_passing`: it may go away by itself, so trying again makes sense. `is_whole_source`: its other tables would fail
    alike. `tables`: the error of each table that failed, where extract_source raised it.
    """

    kind = "source"

    def __init__(
        self, what: str, *, where: str = "", to_do: str = "", is_passing: bool = False, is_whole_source: bool = False
    ) -> None:
        super().__init__(what, where=where, to_do=to_do)
        self.is_passing, self.is_whole_source = is_passing, is_whole_source
        self.tables: dict[str, SourceError] = {}


class WarehouseBusyError(KundbildError):
    """Another process holds the one writer's lock."""

    kind = "warehouse_busy"


class HomeVersionError(KundbildError):
    """Another version of the program built this home, and this one cannot go on with it."""

    kind = "home_version"


class GateError(KundbildError):
    """The quality gates said no: nothing is published."""

    kind = "gate"
