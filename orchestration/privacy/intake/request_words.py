"""What a delivered request calls itself: which right it asks for, and whether it ends contact.

The only list of those words: requests come from forms and mailboxes, in five languages and in whatever spelling. Words of
statements are in withdrawals.py. Not here: whom a request is about, and what becomes of it (orchestration/run/requests.py).
"""

from __future__ import annotations

import re
import unicodedata

from orchestration.core.warehouse import text
from orchestration.privacy.intake.withdrawals import REFUSAL

# the source that delivers requests, and its table
SOURCE = "requests"
# who asked, of what it delivered: anybody here is a second person
BY_SOURCE = f"source {SOURCE}"
KINDS = ("erase", "export", "restrict", "rectify", "object")
# to deny contact or to close data, nobody's identity has to be checked: it harms nobody
NEEDS_NO_CHECK = ("object", "restrict")
# a whole word or phrase that asks for one right and no other
_SAME = {
    "erase": (
        "erasure", "delete", "deletion", "forget", "right to erasure", "right to be forgotten",
        "radera", "radering", "raderas", "slett", "slette", "sletting", "slet", "sletning", "poista", "poistaminen", "poisto",
    ),
    "restrict": (
        "restriction", "restrict processing", "restriction of processing", "begränsa", "begränsning", "begrens", "begrense",
        "begrensning", "begræns", "begrænse", "begrænsning", "rajoita", "rajoitus", "rajoittaminen",
    ),
}  # fmt: skip
_KIND_OF = {word: kind for kind, words in _SAME.items() for word in words}
# what may ask to be erased: irreversible, so that a person has to read it unless it is one of the words above
_MAY_ERASE = re.compile(
    # at the start of a word: "newsletter" has "slett" in it
    r"\b(remov|eras|forget|forgot|delet|wipe|purge|destroy|rader|ta(ga)? bort|tag bort|gl(ö|o)m|utplån|slet|fjern|glem|"
    r"poist|unohd|unohta|hävit)"
)
_MAY_RESTRICT = re.compile(r"\b(restrict|begr(ä|æ|ae|e)ns|rajoit)")
# an objection (Art. 21) is to direct marketing; every other refusal ends all purposes
_OBJECTS = re.compile(r"object\w*|objekt\w*|invänd\w*|innvend\w*|inds(i|e)\w*|motsätt\w*|motsett\w*|vastust\w*")
_REFUSES = re.compile(REFUSAL)
# SQL: what ends every purpose
_ALL = text("|".join((_MAY_ERASE.pattern, _MAY_RESTRICT.pattern, REFUSAL)))


def _plain(written: str | None) -> str:
    """In lower case, in one line, composed, without signs of no width and with spaces for underscores."""
    letters = "".join(c for c in unicodedata.normalize("NFKC", written or "") if unicodedata.category(c) != "Cf")
    return " ".join(letters.lower().replace("_", " ").split())


def read_kind(written: str | None) -> str:
    """One of KINDS; else the words in lower case, which no right is done by: a person has to read them."""
    kind = _plain(written)
    if kind in KINDS:
        return kind
    if kind in _KIND_OF:
        return _KIND_OF[kind]
    if _MAY_ERASE.search(kind) or _MAY_RESTRICT.search(kind):
        return kind
    return "object" if _REFUSES.search(kind) or _OBJECTS.search(kind) else kind


def ended_purpose(written: str | None) -> str | None:
    """The purpose that a request ends at once, on every channel, whoever sent it and whatever else becomes of it: `all`,
    `direct_marketing` of an objection, None where it ends none."""
    kind = _plain(written)
    if _MAY_ERASE.search(kind) or _MAY_RESTRICT.search(kind) or _REFUSES.search(_OBJECTS.sub(" ", kind)):
        return "all"
    return "direct_marketing" if _OBJECTS.search(kind) else None


def _plain_sql(column: str) -> str:
    return f"lower(trim(regexp_replace(replace(nfc_normalize({column}::varchar), '_', ' '), '[\\s\\p{{Z}}\\p{{C}}]+', ' ', 'g')))"


def ends_nothing(column: str) -> str:
    """SQL: whether the kind of a request is one that ends nothing; whatever cannot be read may end something."""
    kinds = ", ".join(text(kind) for kind in KINDS if ended_purpose(kind) is None)
    return f"coalesce({_plain_sql(column)} in ({kinds}), false)"


def ends_contact(column: str) -> str:
    """SQL: whether a request ends contact by the words of its kind (`ended_purpose`)."""
    return f"coalesce(regexp_matches({_plain_sql(column)}, {_ALL} || '|' || {text(_OBJECTS.pattern)}), false)"


def purpose_ended(column: str) -> str:
    """SQL: the purpose that a request ends: `all` unless it only objects."""
    kind = _plain_sql(column)
    objections = text(_OBJECTS.pattern)
    return f"case when regexp_matches({kind}, {objections}) and not regexp_matches(regexp_replace({kind}, {objections}, ' ', 'g'), {_ALL}) then 'direct_marketing' else 'all' end"
