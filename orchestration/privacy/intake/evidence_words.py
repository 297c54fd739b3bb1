"""What is written for a wording, a form or a source of consent where there is none: a grant with it is not evidence (rule 2).

Here: the words, in English and the Nordic languages, and SQL of them. dbt has them as vars of the same names. Not
here: statuses (withdrawals.py), contact points that stand in for none (match_keys/junk.py).
"""

from __future__ import annotations

import re

from orchestration.core.warehouse import text

# an answer, a test, a spreadsheet's error, a program's type or a column's name in place of a wording or a form, by its letters and
# digits alone and without case; nor is anything one that has no letter and no digit but 0, or that is a number below 0
NO_EVIDENCE = (
    "no", "nej", "nei", "false", "falskt", "usant", "falsk", "yes", "ja", "kyllä", "kylla", "true", "sant", "sand", "tosi",
    "testing", "testi", "xxx", "asdf", "ref", "value", "name", "num", "div0", "ok", "okay", "okej", "on", "checked", "string", "str", "varchar", "object", "array", "function",
    "objectpromise", "objectarray", "inf", "infinity", "nat", "wordingversion", "capturesource", "contactpoint", "foo", "bar", "foobar", "qwerty", "abc",
)  # fmt: skip
# a word for nothing, alone or with others, also written as one ("unknown version", "ingen text", "ej_sparad", "null null"),
_NOTHING = (
    "na", "none", "null", "nil", "nan", "undefined", "unknown", "missing", "not", "nothing", "without", "never", "empty", "blank", "void", "dummy",
    "placeholder", "test", "tbd", "tba", "tbc", "todo", "fixme", "changeme", "replaceme", "wip", "pending", "sample", "example", "exempel", "eksempel", "esimerkki",
    "undef", "dbnull", "nonetype", "uninitialized", "uninitialised", "unassigned", "lost", "absent", "unspecified", "unavailable", "unrecorded",
    "ej", "inte", "icke", "ikke", "ikkje", "ei", "ekki", "ingen", "inget", "inga", "ingenting", "intet", "inkje", "utan", "uden", "uten",
    "saknas", "saknar", "saknad", "okänd", "okänt", "okända", "okand", "okant", "tom", "tomt", "tomma", "tomme", "mangler", "manglar", "manglende",
    "ukjent", "ukjend", "ukendt", "puuttuu", "puuttuva", "tuntematon", "tyhjä", "tyhja", "ilman", "vantar", "óþekkt", "óþekktur", "tómt", "engin", "enginn",
    "ekkert",
)  # fmt: skip
# and no word but these: for what it is that there is none of, or for how it might have come
_OF_EVIDENCE = (
    "wording", "version", "source", "text", "consent", "evidence", "capture", "form", "value", "data", "info", "information", "field", "record", "file",
    "statement", "entry", "reference", "document", "proof", "origin", "channel", "purpose", "system", "string", "number", "policy", "terms", "date", "time",
    "name", "page", "site", "url", "here", "yet", "found", "available", "applicable", "specified", "provided", "known", "given", "set", "recorded",
    "registered", "saved", "stored", "kept", "logged", "captured", "collected", "documented", "stated", "defined", "entered", "filled", "present", "existing",
    "assigned", "answered", "noted", "received",
)  # fmt: skip
_OF_EVIDENCE_NORDIC = (
    "ordalydelse", "lydelse", "källa", "källan", "kalla", "samtycke", "samtycket", "samtyckestext", "uppgift", "uppgifter", "formulär", "formular", "fält", "falt",
    "värde", "varde", "texten", "versionen", "bevis", "underlag", "datum", "namn", "sida", "finns", "har", "sparad", "sparat", "sparade", "lagrad", "lagrat", "angiven",
    "angivet", "angivna", "angett", "uppgiven", "uppgivet", "känd", "känt", "registrerad", "registrerat", "dokumenterad", "dokumenterat", "tillgänglig",
    "tillgängligt", "ifylld", "ifyllt", "satt", "noterad", "noterat", "är",
    "tekst", "teksten", "ordlyd", "kilde", "kilden", "kjelde", "samtykke", "samtykket", "samtykketekst", "versjon", "versjonen", "skjema", "felt", "verdi", "værdi",
    "opplysning", "opplysninger", "oplysning", "oplysninger", "dato", "navn", "side", "finnes", "finst", "findes", "lagret", "lagra", "gemt", "oppgitt", "opplyst",
    "oplyst", "angitt", "kjent", "kjend", "kendt", "registrert", "registreret", "dokumentert", "dokumenteret", "tilgjengelig", "tilgængelig", "utfylt", "udfyldt",
    "notert", "noteret", "sat",
    "teksti", "tekstiä", "sanamuoto", "sanamuotoa", "versio", "versiota", "lähde", "lähdettä", "lahde", "suostumus", "suostumusta", "lomake", "lomaketta", "kenttä",
    "arvo", "arvoa", "tieto", "tietoa", "tiedot", "tietoja", "tiedossa", "ole", "olemassa", "tallennettu", "tallessa", "kirjattu", "annettu", "määritelty",
    "saatavilla", "täytetty", "merkitty", "rekisteröity", "nimi", "sivu",
    "orðalag", "texti", "útgáfa", "heimild", "samþykki", "skráð", "skráður", "vistað", "gefið", "þekkt", "til",
)  # fmt: skip
# without case, words between and whatever is not a letter or digit. `no` is a word for nothing only before English ones: anywhere
# else it is Norway (samtykke_no), and `v` before a word for nothing is what a program makes of a version that it lacks
_N, _E, _ALL = "|".join(_NOTHING), "|".join(_OF_EVIDENCE), "|".join((*_NOTHING, *_OF_EVIDENCE, *_OF_EVIDENCE_NORDIC))
NOTHING_SAID = f"^(({_ALL})*({_N})({_ALL})*|no({_E}|{_N})+|v(none|null|nan|nil|undefined|unknown|missing)?|(object)+({_N})*|be(added|confirmed|decided|defined|determined|done|filled)|comingsoon|(.*loremipsum.*|lorem))$"
WORDS_BETWEEN = "is|was|are|the|of|for|in|on|at|and|or|to|any|er|i|av|af|om|och|og|eller|den|det"
# a template's place that nothing was put into: {{ wording }}, {% text %}, <%= text %>, ${text}, {text}, {0}, $(text), $text, %(text)s, %s,
# %TEXT%, __TEXT__, *|TEXT|*, <text>, and an object as a program shows it
_TEMPLATES = (
    "[{]{2,3}[^{}]*[}]{2,3}", "[{]%[^%]*%[}]", "<[%?][^<>]*>", "[$#@]?[{] ?[a-z_.:]* ?[}]", "[{][0-9][}]", "[$][(][a-z_. ]+[)]", "[$][a-z_][a-z_.]*",
    "%[(][a-z_]+[)][a-z]", "%[sdifu@]([^a-z0-9]|$)", "%[a-z_]{2,}%", "__[a-z]+(_[a-z]+)*__", "[*][|][^|]*[|][*]", "<[a-z_ ]+>",
    "<[a-z_. ]* object at 0x[0-9a-f]+>",
)  # fmt: skip
# and an HTML editor's empty text, and signs as HTML writes them: &nbsp;, <p><br></p>
MARKUP = "|".join(("&(amp;)*#?[a-z0-9]{2,31};", "</?(p|br|div|span)( [^<>]*)?/?>", *_TEMPLATES))


def is_evidence(written: str) -> str:
    """SQL: whether a wording or a form, a text, says which (dbt: macro evidence)."""
    listed = ", ".join(map(text, NO_EVIDENCE))
    shown = f"regexp_replace(lower(match_keys.seen({written})), {text(MARKUP)}, ' ', 'g')"
    said = _letters_and_digits(shown)
    is_nothing = f"regexp_matches({_letters_and_digits(_without_words_between(shown))}, {text(NOTHING_SAID)})"
    # systems write -1 for none; without its sign it is a version as any other
    is_negative = (
        f"(left(trim({written}), 1) in ('-', '\u2212', '\u2013') and translate({said}, '0123456789', '') = '')"
    )
    return f"coalesce({said} not in ({listed}) and replace({said}, '0', '') <> '' and not {is_nothing} and not {is_negative}, false)"


def is_evident(name: str) -> bool:
    """Whether a name of ASCII letters, digits and underscores says which, by the same words."""
    said = re.sub(r"[\W_]", "", name.lower())
    return said not in NO_EVIDENCE and bool(said.replace("0", "")) and not re.search(NOTHING_SAID, said)


def _without_words_between(shown: str) -> str:
    return f"regexp_replace({shown}, '\\b({WORDS_BETWEEN})\\b', '', 'g')"


def _letters_and_digits(shown: str) -> str:
    return f"regexp_replace({shown}, '[^\\p{{L}}\\p{{N}}]', '', 'g')"
