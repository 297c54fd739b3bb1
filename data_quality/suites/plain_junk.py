"""Contact points that stand in for none, in SQL: words before the @, domains that nobody has, numbers that repeat or count.

A path of its own: neither the seed `junk_identifiers` nor the match keys, which decide what the models take for evidence. It
knows the plain ones alone, so that the check never cries about what the models let pass. Not here: the check (own_paths.py).
"""

from __future__ import annotations

from orchestration.core.warehouse import text

# what stands before the @, a number behind it or not
_WORDS = (
    "none", "noone", "nobody", "unknown", "missing", "null", "undefined", "nomail", "noemail", "noreply", "no-reply", "no_reply", "no.reply", "donotreply", "do-not-reply", "test", "dummy",
    "saknas", "ingen", "okand", "okänd", "ingenmail", "ingenepost", "svarej", "ukjent", "ukendt", "mangler", "ikkesvar", "puuttuu", "tuntematon",
)  # fmt: skip
_DOMAINS = (".invalid", ".example", ".test", ".localhost", "@example.com", "@example.net", "@example.org")


def is_plain_junk(point: str) -> str:
    """SQL: whether a contact point stands in for none. Without braces: the runner reads those as places to fill."""
    written = f"lower(trim({point}))"
    # a tag behind a plus is not a part of the word
    word = f"regexp_replace(split_part(split_part({written}, '@', 1), '+', 1), '[0-9._-]+$', '')"
    ends = " or ".join(f"ends_with({written}, {text(domain)})" for domain in _DOMAINS)
    address = f"(contains({point}, '@') and ({word} in ({', '.join(map(text, _WORDS))}) or {ends}))"
    last = f"right(regexp_replace({point}, '[^0-9]', '', 'g'), 7)"
    # from digit to digit by one step: none, one up, one down, 0 behind 9
    steps = f"list_distinct(list_transform(range(1, 7), lambda i: (10 + ascii(substr({last}, i + 1, 1)) - ascii(substr({last}, i, 1))) % 10))"
    number = f"(not regexp_matches({point}, '[@\\pL]') and length({last}) = 7 and {steps} in ([0], [1], [9]))"
    return f"coalesce({address} or {number}, false)"
