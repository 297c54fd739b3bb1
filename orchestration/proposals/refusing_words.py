"""Which texts refuse contact: a no beside a word for contact, or a text that says little more than its refusal.

One pattern, for values (Python) and for all rows (DuckDB). `stop` within Christopher, `never` of whatever else and the name of a street refuse
nothing. Not here: which columns are asked (contact_words.py, refusing_values.py), the words (words/values.csv).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from orchestration.contracts.words import ENDING, concepts_of, plain_words_for, words_for, words_of
from orchestration.core.warehouse import text
from orchestration.privacy.intake.withdrawals import PLAIN_REFUSAL, REFUSAL

_LETTERS = "a-zåäöæøéü"
_START, _END = f"(?:^|[^{_LETTERS}])", f"(?:$|[^{_LETTERS}])"
# by themselves about contact, wherever they stand
_OF_CONTACT = (
    r"unsub|opt(?:ed)?[^a-z]?out(?:$|[^a-z])|avreg|avb.{1,2}j|avanm|avpren|avm(?:ä|a|æ|e).?l|afmeld|framel|frabe|fravalg|fravalt|bortval|"
    "undanbe|utmeldt"
)
_NEGATIONS = "nej|nei|inte|icke|ikke|ikkje|not|ei|ej"
# how words for contact end in the Nordic languages and English; not reklamation, which is a complaint
_ENDINGS = "a|ad|ade|an|ar|arna|as|at|e|ed|en|er|erna|es|et|ia|in|ing|lla|n|na|r|s|ssa|t|ta|tä|ä"
# whole texts: not a street or a film that begins so
_STOPS = "stop(?:p|ps|pa|pad|pade|pat|ped|pet)?|object(?:ed|ions?)?"
_POLITE = r"(?:nej|nei|no|ei)\W+(?:tack|takk|tak|thanks|thank\s+you|kiitos)"
# ring inte på dörren: what a courier is told about the bell
_BELL = (
    r"(?:ring(?:a|er)?\s+(?:inte|ej|icke|ikke|ikkje)|(?:inte|ej|icke|ikke|ikkje)\s+ring(?:a|e|er)?)\s+på\s+"
    r"(?:(?:dörr|dør|port)(?:en|a)?|(?:dörr|dør|ring|port)e?(?:klo[ck]k|telefon)[a-z]*)|"
    r"(?:do\s*not|don['’]?t|never|no\s+need\s+to)\s+ring\s+(?:on\s+)?(?:the\s+)?(?:door\s*-?)?bell|"
    r"(?:älä|ei\s+saa)\s+soita?a?\s+ovikello[a-z]*"
)
# concepts whose values are names
_NAMES = ("given_name", "family_name", "street", "city", "country_code", "store", "preferred_store", "page")


def refuses(value: str) -> bool:
    """Whether a text refuses contact."""
    said = unicodedata.normalize("NFC", value).lower()
    bell, contact = _of_the_bell()
    rest = re.sub(bell, " ", said)
    # beside another word for contact the no may be of that too
    said = said if re.search(contact, rest) else rest
    return any(all(re.search(one, said) for one in together) for together in _patterns())


def refuses_sql(said: str) -> str:
    """SQL of the same, of a text in lower case."""
    bell, contact = _of_the_bell()
    rest = f"regexp_replace({said}, {text(bell)}, ' ', 'g')"
    left = f"case when regexp_matches({rest}, {text(contact)}) then {said} else {rest} end"
    asked = (" and ".join(f"regexp_matches(told, {text(one)})" for one in together) for together in _patterns())
    # hardly any text has one of these, and to ask for all of it is dear
    meanings = ("refusal", "ended", "never", "off", "leaving", "leaving_alone")
    terms = frozenset[str]().union(*map(words_for, meanings), *map(plain_words_for, meanings))
    may_be = f"{REFUSAL}|{_any_of(terms)}|{_OF_CONTACT}|(^|[^a-z])no([^a-z]|$)"
    refusing = f"list_transform([{left}], lambda told: {' or '.join(f'({one})' for one in asked)})[1]"
    return f"case when regexp_matches({said}, {text(may_be)}) then {refusing} else false end"


def is_of_contact(name: str) -> bool:
    """Whether a name of a column is about contact by one of its words, or by all of them in one: E-postutskick, uutiskirjelupa."""
    words = words_of(name)
    return any(map(_contact_alone().fullmatch, [*words, "".join(words)]))


def holds_names(column: str) -> bool:
    """Whether a column's values are names by what it is called: of people, streets, products, campaigns, files, addresses of pages. A name
    refuses nothing, whatever words it is made of. Not of a column that is called name and no more: of a list it says what the list is of."""
    words = words_of(column.rpartition(".")[2].rstrip("0123456789_ "))
    if not words:
        return False
    if any(said > ENDING for concept, said in concepts_of(" ".join(words)).items() if concept in _NAMES):
        return True
    things, naming = plain_words_for("named") | plain_words_for("staff"), plain_words_for("naming")
    if words[0] == "utm" or words[-1] in things or "".join(words[-2:]) in things:
        return True
    # kundnamn, file name
    stem = next((words[-1].removesuffix(one) for one in naming if words[-1].endswith(one)), None)
    owners = things | plain_words_for("buyer")
    before = [*words[:-1], *([stem] if stem else [])] if stem is not None else []
    return any(one in owners or one.removesuffix("s") in owners for one in before)


@cache
def _of_the_bell() -> tuple[str, str]:
    """Patterns of what is said of a bell, and of a word for contact."""
    return rf"(?:{_BELL})(?:$|[^{_LETTERS}])", f"{_START}{_contact()}+(?:{_ENDINGS})?{_END}"


@cache
def _patterns() -> tuple[tuple[str, ...], ...]:
    """Each of them refuses, where all of its patterns are found. In the syntax that Python and DuckDB share."""
    contact = _contact()
    refusal = plain_words_for("refusal") | words_for("refusal")
    bare = words_for("without") | plain_words_for("without")
    never = words_for("never") | plain_words_for("never")
    others = plain_words_for("also_another")
    ended = words_for("ended") | plain_words_for("ended")
    told = f"{contact}+(?:{_ENDINGS})?"
    lists = f"(?:{told}|{_any_of(words_for('mailing_list'))})"
    # Reklamspärr, mailstopp
    begin = rf"{_START}(?:{contact}[s-]?)*[åa]?"
    plain = PLAIN_REFUSAL.replace("|peru|", "|peru[a-rt-z][a-zåäö]*|")
    no = rf"{begin}(?:{plain}|(?:{_NEGATIONS}|{_any_of((refusal - bare) | never)}){_END})"
    # without offers, but not without a receipt, please call
    without = rf"{_START}{_any_of(bare)}\s+(?:[{_LETTERS}]+\s+)?{told}{_END}"
    off = f"{_START}{_any_of(words_for('off'))}{_END}"
    # a word of a state says it in a short text, whatever stands beside it: kunden är spärrad tills vidare
    state = _any_of((refusal - bare | ended) - others)
    states = rf"^\s*(?:\S+\s+){{0,4}}[^{_LETTERS}\s]*(?:{contact}[s-]?)*{state}[^{_LETTERS}\s]*(?:\s+\S+){{0,3}}\s*$"
    whole = plain.replace("|stop|", "|").replace("|object|", "|")
    beside = _any_of(words_for("beside_refusal") | plain_words_for("beside_refusal"))
    apart = f"[^{_LETTERS}]"
    alone = words_for("leaving_alone")
    plainly = _any_of((refusal - bare) | never | ended | alone)
    said = rf"(?:{contact}[s-]?)*[åa]?(?:(?:{whole})[{_LETTERS}]{{0,8}}|{_STOPS}|{_POLITE}|{plainly})"
    only = rf"^{apart}*(?:{beside}{apart}+)*{said}(?:{apart}+{beside})*{apart}*$"
    return (
        (no, f"{_START}{told}{_END}"),
        (without,),
        (off, f"{_START}{lists}{_END}"),
        (f"{_START}{_any_of(words_for('leaving'))}{_END}",),
        (rf"{begin}(?:{_OF_CONTACT})",),
        (rf"{_START}(?:no\s+{told}|{told}\W+no){_END}",),
        (states,),
        (only,),
    )


@cache
def _contact() -> str:
    """Words for contact, as alternatives; they stand together in one too: mejlutskick."""
    meanings = ("contact", "reaching", "newsletter", "subscribing")
    return _any_of(frozenset[str]().union(*map(words_for, meanings), *map(plain_words_for, meanings)))


@cache
def _contact_alone() -> re.Pattern[str]:
    """As words_of() writes a name."""
    meanings = ("contact", "newsletter")
    told = _any_of(frozenset[str]().union(*map(plain_words_for, meanings)))
    return re.compile(f"{told}+(?:{_ENDINGS})?")


def _any_of(terms: Iterable[str]) -> str:
    """A pattern of any of them, the longest first."""
    longest = sorted(terms, key=lambda term: (-len(term), term))
    return "(?:" + "|".join(re.escape(term).replace(r"\ ", r"\s+") for term in longest) + ")"
