"""What columns of national identity numbers are called, in Swedish, Norwegian, Danish, Finnish, Icelandic and English.

Not here: how a number is known (national_ids.py), what is dropped (entry_columns.py).
"""

from __future__ import annotations

import re

# names of such columns, in the letters and digits that they are written with
_NAMES = {
    "civicno", "civicnumber", "civicregistrationnumber", "civicregistrationno", "civicregno", "civicregnumber", "cpr", "cprno", "cprnr", "cprnumber", "cprnummer", "fdselsnummer", "fodselsnr", "fodselsnummer", "fodelsenummer", "fodelsenr", "foedselsnummer", "fdselsnr", "fnr", "henkilotunnus",
    "henkiltunnus", "henkiloetunnus", "hetu", "identitynumber", "nationalid", "nationalidentificationno", "nationalidentificationnumber", "nationalidentityno", "nationalidentitynumber", "nationalidno", "nationalidnumber",
    "birthnumber", "dnummer", "fodselsogpersonnummer", "foedselsogpersonnummer", "fdselsogpersonnummer", "foedselsnr", "identityno", "kennitala", "nationalidentifier", "nationalidnr", "nationalidnummer",
    "nationalinsuranceno", "nationalinsurancenr", "nationalinsurancenumber", "nino", "personalidentificationcode", "personalidentificationno", "personalidentificationnr", "personalidentificationnumber",
    "personbeteckning", "personidnr", "personidnummer", "socialsecurity", "socsecno", "socsecnr", "sosiaaliturvatunnus", "sotu",
    "personalcode", "personalidentitycode", "personalidentitynumber", "personalidnumber", "personalno", "personalnumber", "personidnumber", "personnumber", "pnr",
    "persnummer", "persnumret", "pnummer", "personnum", "personno", "personnro", "personnumret", "samordnr", "samordningsnumret", "identitetsnummer", "identitetsnr",
    "fodselsnum", "fdselsnum", "fodselsnummeret", "fdselsnummeret", "fodnr", "fnummer", "personnummeret", "identitetsnummeret", "centralpersonregister",
    "henkilonumero", "henkilnumero", "htunnus", "hlotunnus", "hltunnus", "henkilokoodi", "personalidno", "personalidnr", "personalidentifier",
    "nationalidentity", "nationalidentitynr", "socialsecuritynr", "ssecnumber", "civicnr", "civicid", "civicregistration", "personnr", "personnummer", "persnr", "samordningsnr", "samordningsnummer", "socialsecurityno", "socialsecuritynumber", "socsecid", "ssn",
    # Swedish, Norwegian, Danish, Finnish, Icelandic words for the same
    "persnum", "persnumr", "persnumber", "personnumer", "pnum", "prsnr", "samordningsnum", "folkbokforingsnr", "folkbokforingsnummer", "folkbokforingsid", "personligtidentifikationsnummer",
    "fodtnr", "fdtnr", "foedtnr", "fodtnummer", "fdtnummer", "dnr", "dnumber", "sosialnr", "sosialnummer", "sosialtnummer", "socialnr", "socialnummer",
    "folkeregisterid", "folkeregisternr", "folkeregisternummer", "folkeregisterident", "folkeregisteridentifikator", "folkeregisteridentifikasjon", "folkregisterid", "folkregisternr", "folkregisternummer",
    "personident", "personidentifikator", "personidentifikasjon", "personidentifikation", "birthno", "birthnr", "cprnumre", "sygesikringsnr", "sygesikringsnummer", "ptal",
    "hetun", "hetunro", "hetunumero", "hetutunnus", "sotunro", "sotutunnus", "syntymatunnus", "syntymtunnus", "henkilotunnuksen", "henkiltunnuksen",
    "kennitolu", "kennitolur", "kennitlu", "kennitlur", "kennitalan", "kennitalanr", "kennitalanumer",
}  # fmt: skip
# words that say "number" behind such a name, in whatever language it is not said twice: pnr_no, cpr_id, hetu_numero
_NUMBER_WORDS = {
    "no",
    "nr",
    "nro",
    "num",
    "number",
    "nummer",
    "numret",
    "nummeret",
    "numero",
    "id",
    "code",
    "kod",
    "kode",
    "koodi",
    "field",
    "col",
}
# names that mean nothing else, also as the end of a longer word: kundpersonnummer
_ENDS = re.compile(
    r"(?:personn(?:ummer|umret|ummeret|r)|persnummer|persnr|samordningsn(?:ummer|r)|f(?:o|oe)?dsels?n(?:ummer|ummeret|r)|f(?:o|oe)delsen(?:ummer|r)|"
    r"henkil(?:o|oe)?tunnus|personbeteckning|cprn(?:ummer|umber|r|o)|nationalid(?:entity)?(?:number|no|nr)?|socialsecurityn(?:umber|o|r))$"
)
# words before such a name, written as one with it
_WHOSE = re.compile(
    r"^(?:kund(?:e|ens?)?|customers?|cust|medlem(?:s|mens)?|members?|asiak(?:as|kaan)|clients?|users?|owners?|agare|eiers?|patients?|borgers?|"
    r"ansatte?|elev|employees?|contacts?|kontakt)(?=[pf]nr|cpr|ssn|hetu|sotu|persn)"
)
# the whole name of such a column; behind other words it may be any record's number
_WHOLE_NAMES = {
    "idnr",
    "idnummer",
    "idnumber",
    "idno",
    "idnum",
    "identificationnumber",
    "identificationno",
    "identitynr",
    "identifikationsnummer",
    "identifikationsnr",
    "identifikasjonsnummer",
    "identifikasjonsnr",
    # the end of a number beside a birth date is the number; behind another word it may be a card's
    "sistafyra",
    "desistafyra",
    "fyrasista",
    "sista4",
    "sistefire",
    "desistefire",
    "firesiste",
    "siste4",
    "sidstefire",
    "desidstefire",
    "firesidste",
    "sidste4",
    "viimeisetnelja",
    "neljaviimeista",
    "viimeiset4",
    "sidustufjorir",
    "sustufjorir",
}
# words behind such a name that leave it one: a part or a plain hash of a number tells it
_FORMS = {
    "clean", "enc", "encrypted", "hash", "hashed", "last", "masked", "md", "raw", "sha", "text", "txt", "value", "string", "str", "full",
    "fullt", "short", "kort", "long", "lang", "formatted", "formaterat", "normalised", "normalized", "digits", "digit", "siffror",
    "siffrigt", "siffrig", "siffer", "sifret", "cifre", "ciffer", "numeroa", "siffrorna", "sifrene", "cifrene",
    "four", "fyra", "fire", "nelja", "sista", "siste", "sidste", "viimeiset", "end", "ending", "suffix", "part", "del", "loppuosa", "alkuosa",
}  # fmt: skip


def holds_national_ids(column: str) -> bool:
    """Whether a column is named as one of national identity numbers is, alone or as the last words: `customer_pnr_2`,
    `pnr_hash`, `personnummer12`."""
    words = re.findall(
        r"[a-z]+|[0-9]+", re.sub(r"(?<=[a-zåäöæø])(?=[A-ZÅÄÖÆØ])", " ", column).lower().translate(_PLAIN)
    )
    if "".join(words) in _WHOLE_NAMES:
        return True
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _FORMS):
        words.pop()
        if "".join(words) in _WHOLE_NAMES:
            return True
    said = ["".join(words[start:]) for start in range(len(words))]
    if (said and said[0] in _WHOLE_NAMES) or any(name in _NAMES or _ENDS.search(name) for name in said):
        return True
    while len(words) > 1 and words[-1] in _NUMBER_WORDS:
        words.pop()
        if any("".join(words[start:]) in _NAMES for start in range(len(words))):
            return True
    return bool(words) and _WHOSE.sub("", words[-1]) in _NAMES


# letters that the names are written without
_PLAIN = str.maketrans({"ø": "", "å": "a", "ä": "a", "ö": "o", "æ": "ae", "é": "e"})
