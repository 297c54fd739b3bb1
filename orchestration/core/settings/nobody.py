"""What systems write as the key of a person where there is none: signs for nothing, and words for a guest, somebody unknown or
who pays in cash, in seven languages.

Here: the words of the setting `null_keys` as it is unless a source says otherwise; in lower case and without blanks, as they
are compared. Not here: how a key is compared with them (contracts/mapping_values.py).
"""

from __future__ import annotations

_SIGNS = (
    "0", "-", "--", "?", "-1", "none", "(none)", "na", "n.a.", "n.a", "<na>", "nan", "nat", "nil", "(null)", "undefined", "missing",
    "notset", "(notset)", "#ref!", "#value!", "#null!", "ffffffff-ffff-ffff-ffff-ffffffffffff",
)  # fmt: skip
_ENGLISH = (
    "guest", "guestuser", "guestcustomer", "guestaccount", "guestcheckout", "guest-checkout", "guest_checkout", "visitor", "anonymous",
    "anonymouscustomer", "anon", "unknown", "unknowncustomer", "unregistered", "notregistered", "nobody", "noone", "nocustomer",
    "walkin", "walk-in", "walk_in", "walkincustomer", "walk-incustomer", "walk-in-customer", "walk_in_customer", "walkinguest",
    "walk-inguest", "cash", "cashcustomer", "cashsale", "cashsales", "countersale", "countersales", "overthecounter",
)  # fmt: skip
_SWEDISH = (
    "gäst", "gast", "gästkund", "gastkund", "gästkonto", "gästköp", "anonym", "anonymkund", "okänd", "okand", "okändkund", "ingen", "ingenkund", "saknas",
    "kontant", "kontantkund", "kontantköp", "kontantkop", "kontantförsäljning", "kontantforsaljning", "butikskund", "strökund", "diverse", "diversekund",
    "diversekunder", "oregistrerad",
)  # fmt: skip
_NORWEGIAN_DANISH = (
    "gjest", "gjestekunde", "gjestebruker", "gæst", "gaest", "gæstekunde", "gaestekunde", "gæstebruger", "anonymkunde", "ukjent",
    "ukjentkunde", "ukendt", "ukendtkunde", "ingenkunde", "mangler", "kontantkunde", "kontantsalg", "kontantkøb", "kontantkjøp", "butikkunde",
    "butikkkunde", "diversekunde", "uregistrert", "uregistreret",
)  # fmt: skip
_FINNISH = (
    "vieras", "vierasasiakas", "vieraskäyttäjä", "anonyymi", "tuntematon", "tuntematonasiakas", "nimetön", "nimeton", "käteinen", "kateinen", "käteisasiakas",
    "kateisasiakas", "käteismyynti", "kateismyynti", "käteisosto", "satunnaisasiakas", "kassa-asiakas", "eiasiakasta",
)  # fmt: skip
_ICELANDIC = (
    "gestur", "gest", "gestir", "nafnlaus", "óþekktur", "othekktur", "óþekkt", "ókunnur", "óskráður", "oskradur", "enginn", "engin", "reiðufé", "reidufe",
    "staðgreitt", "stadgreitt", "staðgreiðsla", "stadgreidsla", "lausasala",
)  # fmt: skip
_GERMAN = (
    "gastkunde", "gastkonto", "gastbestellung", "gastbenutzer", "unbekannt", "unbekannterkunde", "keinkunde", "niemand", "barkunde", "barzahler",
    "barverkauf", "barkauf", "laufkunde", "laufkundschaft", "cpd", "cpd-kunde", "cpdkunde",
)  # fmt: skip
NOBODYS_KEYS = tuple(
    dict.fromkeys((*_SIGNS, *_ENGLISH, *_SWEDISH, *_NORWEGIAN_DANISH, *_FINNISH, *_ICELANDIC, *_GERMAN))
)
