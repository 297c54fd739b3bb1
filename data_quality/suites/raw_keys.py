"""Simple keys of contact points and of places as they are written: a path that shares nothing with the match keys.

Here: SQL of the keys of all that a written contact point may mean. Not here: the keys of the models (orchestration/match_keys), the
statements that hold the points (raw_statements.py).
"""

from __future__ import annotations


def point_keys(point: str) -> str:
    """SQL: a list of simple keys of all that a contact point holds: addresses as written in lower case, numbers by their end."""
    # spaces of no width are not part of an address; chr() because the runner reads braces as places to fill
    # percent signs of a link, and letters of full width, are read as what they stand for
    letters = "".join(map(chr, range(ord("a"), ord("z") + 1))) + "0123456789@.+-_"
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in letters)
    narrow = f"translate(lower(coalesce(try(url_decode({point})), {point})), '{wide}', '{letters}')"
    bare = f"translate({narrow}, chr(8203) || chr(8204) || chr(8205) || chr(8288) || chr(65279) || chr(173), '')"
    # two without anything between them (a@x.sea@x.se) part behind an ending that many have; no colon before a letter: the
    # driver reads a parameter there
    glued = "(@[^@ ]*?[.](se|no|dk|fi|com|net|org|nu|eu))([^@ ]+@)"
    bare = f"case when regexp_matches({bare}, '@[^@ ]+@') then {bare} || ' ' || regexp_replace({bare}, '{glued}', '\\1 \\3', 'g') else {bare} end"
    addresses = f"list_transform(regexp_extract_all({bare}, '[\\pL\\pN._+-]+@[\\pL\\pN.-]+'), lambda a: rtrim(a, '.'))"
    digits = f"regexp_replace({point}, '[^0-9]', '', 'g')"
    # a digit of its own, digits in brackets, or up to three behind nine without gaps stand behind a number
    behind = "[ .()_-]+[0-9][ ).]*$|[ .)_-]*\\([ ]*[0-9]+[ ).]*$"
    bare_digits = f"regexp_replace(regexp_replace({point}, '{behind}', ''), '[^0-9]', '', 'g')"
    nine = "[0-9]" * 9
    run = f"regexp_replace(regexp_extract({point}, '^(.*{nine})[ ._-]+[0-9][0-9]?[0-9]?[ .]*$', 1), '[^0-9]', '', 'g')"
    numbers = f"list_transform(list_filter([{digits}, {bare_digits}, {run}], lambda d: length(d) >= 8), lambda d: right(d, 9))"
    number = f"case when not contains({point}, '@') then list_sort(list_distinct({numbers})) else [] end"
    return f"list_concat({addresses}, {number})"


def refused_keys(point: str) -> str:
    """SQL: the same of what was opted out of, with whatever else it may mean: the number that an address of a messenger or a
    gateway begins with, or that stands behind one; an address without a bullet, a prefix or a suffix; words before an address."""
    nine = "[0-9]" * 9
    begins = f"list_transform(regexp_extract_all({point}, '({nine}[0-9]*)@', 1), lambda d: right(d, 9))"
    ends = f"list_transform(regexp_extract_all({point}, '@[^ @]*[.][a-zA-Z]+[+]?({nine}[0-9]*)', 1), lambda d: right(d, 9))"
    # a control character that was written out
    keys = f"list_concat({point_keys(point)}, {point_keys(_unescaped(point))})"
    marks = "old|bak|deleted|removed|inactive|invalid|disabled|unsub|unsubscribed"
    bare = f"regexp_replace(regexp_replace(k, '^([-+._]|[0-9][.)]|({marks})[-+._])+', ''), '([.][a-z]+)([._-]({marks})|[0-9][0-9]+)+$', '\\1')"
    unmarked = f"list_transform(list_filter({keys}, lambda k: contains(k, '@')), lambda k: {bare})"
    return f"list_concat({keys}, {unmarked}, {begins}, {ends}, {_words_before(point)})"


def _unescaped(point: str) -> str:
    """SQL: without the links' signs of a number (%20), and without a written \t, \r or \n."""
    return f"regexp_replace(coalesce(try(url_decode({point})), {point}), '\\\\[tnrfv]', ' ', 'g')"


def _words_before(point: str) -> str:
    """SQL: a list of words that stand before an address, each at its domain (a, b@x.se): a name before brackets, or a label, is none."""
    words = f"regexp_extract_all(split_part(lower({point}), '@', 1), '[\\pL\\pN._+-]+')"
    domain = f"regexp_extract(lower({point}), '@([\\pL\\pN-]+([.][\\pL\\pN-]+)+)', 1)"
    is_list = f"contains({point}, '@') and not regexp_matches({point}, '[][<>():=\"]')"
    return f"case when {is_list} then list_transform({words}, lambda w: w || '@' || {domain}) else [] end"


def place_key(point: str) -> str:
    """SQL: a postal address by its letters and digits alone; null of what is none."""
    bare = f"regexp_replace(lower(strip_accents({point})), '[^\\pL\\pN]', '', 'g')"
    return f"case when not contains({point}, '@') and regexp_matches({point}, '\\pL\\pL\\pL') and regexp_matches({point}, '[0-9]') and length({bare}) >= 12 then {bare} end"
