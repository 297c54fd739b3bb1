"""Who lives where and how to reach them: the demo's latent people. Not here: what they do, or how systems spell them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from orchestration.core.settings import DBT_DIR
from orchestration.demo import names

COUNTRIES = np.array(["SE", "NO", "DK", "FI"])
_COUNTRY_SHARE = [0.45, 0.25, 0.18, 0.12]
_HOUSEHOLD_SHARE = [0.42, 0.30, 0.13, 0.11, 0.04]
_DOMAINS = np.array(
    ["gmail.com", "hotmail.com", "outlook.com", "icloud.com", "live.se", "online.no", "mail.dk", "luukku.com"],
    dtype=object,
)
POSTAL_CODES = DBT_DIR / "seeds" / "postal_codes.csv"


def draw_people(rng: np.random.Generator, count: int, as_of: date, postal_codes: Path = POSTAL_CODES) -> pa.Table:
    """`count` people in households, one row each.

    Columns: person_id, household_id, country_code, given_name, family_name, former_name, gender, birth_on,
    street, postal_code, city, old_street, old_postal_code, old_city, moved_days_ago (0: never moved), email,
    second_email, mobile, is_minor, is_protected, is_deceased, is_junior (shares a parent's full name).
    """
    sizes = rng.choice([1, 2, 3, 4, 5], size=count, p=_HOUSEHOLD_SHARE)
    household = np.repeat(np.arange(count), sizes)[:count]
    place_in = np.arange(count) - np.concatenate([[0], np.cumsum(sizes)])[household]
    homes = household.max() + 1
    home_country = rng.choice(len(COUNTRIES), size=homes, p=_COUNTRY_SHARE)
    country_index = home_country[household]
    country = COUNTRIES[country_index]

    gender = np.where(rng.random(count) < 0.52, "f", "m")
    second_adult = place_in == 1
    first_gender = np.empty(homes, dtype=object)
    first_gender[household[place_in == 0]] = gender[place_in == 0]
    opposite = np.where(first_gender[household] == "f", "m", "f")
    gender = np.where(second_adult & (rng.random(count) < 0.93), opposite, gender)

    child = place_in >= 2
    age = np.where(child, rng.uniform(3, 24, count), 0.0)
    adult_age = np.clip(rng.normal(46, 15, homes), 22, 92)
    age = np.where(child, age, np.clip(adult_age[household] + rng.normal(0, 3.5, count), 18.5, 97))
    # twins: the next child of the household was born the same day
    twin = child & (place_in == 3) & (rng.random(count) < 0.06)
    age[twin] = age[np.flatnonzero(twin) - 1]
    birth_on = np.datetime64(as_of) - (age * 365.25).astype("timedelta64[D]")

    given = np.empty(count, dtype=object)
    family = np.empty(count, dtype=object)
    former = np.empty(count, dtype=object)
    for index, code in enumerate(COUNTRIES):
        here = country_index == index
        for sex, lists in (("f", names.FEMALE), ("m", names.MALE)):
            pick = here & (gender == sex)
            pool = np.array(lists[code].split(), dtype=object)
            given[pick] = pool[names.zipf_draw(rng, len(pool), int(pick.sum()), 0.7)]
        pool = names.family_names(code)
        of_home = pool[names.zipf_draw(rng, len(pool), homes)]
        own = pool[names.zipf_draw(rng, len(pool), count)]
        family[here] = np.where((rng.random(count) < 0.82) | child, of_home[household], own)[here]
        former[here] = own[here]
    junior = child & (place_in == 2) & (age > 15) & (rng.random(count) < 0.05)
    parent = np.flatnonzero(junior) - 2
    given[junior], family[junior], gender[junior] = given[parent], family[parent], gender[parent]
    original, namesake = _namesakes(
        rng.spawn(1)[0], np.setdiff1d(np.flatnonzero(place_in == 0), parent), country_index, gender
    )
    given[namesake], family[namesake] = given[original], family[original]
    renamed = ~child & (rng.random(count) < 0.03) & (former != family)
    former[~renamed] = None

    addresses = _addresses(rng, homes, home_country, postal_codes)
    for part in addresses[1:]:  # the same postal code and place, another street
        part[household[namesake]] = part[household[original]]
    old = _addresses(rng, count, country_index, postal_codes)
    moved = np.where(rng.random(homes)[household] < 0.10, rng.integers(1, 900, homes)[household], 0)

    number = rng.integers(1, 99, count).astype(str).astype(object)
    number = np.where(rng.random(count) < 0.45, number, "")
    separator = rng.choice(np.array([".", "_", ""], dtype=object), count, p=[0.7, 0.1, 0.2])
    local = _ascii(given) + separator + _ascii(family) + number
    # a mailbox has one owner: who comes later gets a number
    email = _unowned(local, rng.choice(_DOMAINS, count))
    second = _ascii(given) + rng.integers(10, 9999, count).astype(str).astype(object)
    second = _unowned(second, rng.choice(_DOMAINS, count), email)
    mobile = _mobiles(rng, country, count)
    sharing = rng.random(homes)[household]
    head = np.flatnonzero(place_in == 0)[household]
    email = np.where((sharing < 0.05) & (place_in == 1), email[head], email)
    email = np.where(child & (age < 16), email[head], email)
    mobile = np.where(((sharing > 0.93) & (place_in == 1)) | (child & (age < 15)), mobile[head], mobile)

    return pa.table(
        {
            "person_id": np.arange(1, count + 1),
            "household_id": household + 1,
            "country_code": country,
            "given_name": given,
            "family_name": family,
            "former_name": former,
            "gender": gender.astype(object),
            "birth_on": birth_on,
            "street": addresses[0][household],
            "postal_code": addresses[1][household],
            "city": addresses[2][household],
            "old_street": old[0],
            "old_postal_code": old[1],
            "old_city": old[2],
            "moved_days_ago": moved,
            "email": email,
            "second_email": second,
            "mobile": mobile,
            "is_minor": age < 18,
            "is_protected": rng.random(count) < 0.003,
            "is_deceased": (age > 60) & (rng.random(count) < 0.008),
            "is_junior": junior,
        }
    )


def _namesakes(
    rng: np.random.Generator, heads: np.ndarray, country_index: np.ndarray, gender: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (originals, namesakes) of strangers who will bear one name in one postal code, some 3 of a thousand `heads`."""
    drawn = rng.permutation(heads)[: 2 * (len(heads) // 50)].reshape(2, -1)
    alike = (country_index[drawn[0]] == country_index[drawn[1]]) & (gender[drawn[0]] == gender[drawn[1]])
    return drawn[0][alike], drawn[1][alike]


def _unowned(local: np.ndarray, domain: np.ndarray, owned: np.ndarray | None = None) -> np.ndarray:
    """Addresses (count,) `local@domain`, each given once and none of `owned`: a taken one gets the next free number."""
    address = local + "@" + domain
    others = set() if owned is None else set(owned)
    taken, seen, next_number = others | set(address), set(others), dict.fromkeys(address, 2)
    for at, wanted in enumerate(address):
        if wanted in seen:
            number = next_number[wanted]
            while f"{local[at]}{number}@{domain[at]}" in taken:
                number += 1
            next_number[wanted] = number + 1
            address[at] = f"{local[at]}{number}@{domain[at]}"
            taken.add(address[at])
        seen.add(address[at])
    return address


def _addresses(
    rng: np.random.Generator, count: int, country_index: np.ndarray, postal_codes: Path
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = pa_csv.read_csv(
        postal_codes, convert_options=pa_csv.ConvertOptions(column_types={"postal_code": pa.string()})
    ).to_pydict()
    codes = {name: np.array(values, dtype=object) for name, values in table.items()}
    street, postal, city = (np.empty(count, dtype=object) for _ in range(3))
    for index, code in enumerate(COUNTRIES):
        here = country_index == index
        rows = np.flatnonzero(codes["country_code"] == code)
        pick = rows[names.zipf_draw(rng, len(rows), int(here.sum()), 0.6)]
        pool = np.array([s.replace("_", " ") for s in names.STREETS[code].split()], dtype=object)
        numbers = rng.integers(1, 120, int(here.sum())).astype(str).astype(object)
        letters = rng.choice(np.array(["", "", "", " A", " B", " C"], dtype=object), int(here.sum()))
        street[here] = pool[rng.integers(0, len(pool), int(here.sum()))] + " " + numbers + letters
        postal[here], city[here] = codes["postal_code"][pick], codes["place_name"][pick]
    return street, postal, city


def _mobiles(rng: np.random.Generator, country: np.ndarray, count: int) -> np.ndarray:
    """E.164 mobile numbers that are valid in their country's numbering plan."""
    eight = rng.integers(0, 10_000_000, count)
    swedish = np.array(["+4670", "+4672", "+4673", "+4676"], dtype=object)[rng.integers(0, 4, count)]
    out = swedish + np.char.zfill((eight % 10_000_000).astype(str), 7).astype(object)
    norwegian = "+47" + np.where(eight % 2 == 0, "4", "9").astype(object)
    norwegian = norwegian + np.char.zfill(eight.astype(str), 7).astype(object)
    danish = "+45" + np.array(["20", "26", "31", "40", "51", "60"], dtype=object)[rng.integers(0, 6, count)]
    danish = danish + np.char.zfill((eight % 1_000_000).astype(str), 6).astype(object)
    finnish = "+358" + np.array(["40", "44", "45", "50"], dtype=object)[rng.integers(0, 4, count)]
    finnish = finnish + np.char.zfill(eight.astype(str), 7).astype(object)
    for code, numbers in (("NO", norwegian), ("DK", danish), ("FI", finnish)):
        out = np.where(country == code, numbers, out)
    return out


def _ascii(words: np.ndarray) -> np.ndarray:
    distinct, where = np.unique(words.astype(str), return_inverse=True)
    table = str.maketrans({"å": "a", "ä": "a", "ö": "o", "ø": "o", "æ": "ae", "é": "e", "ü": "u", " ": "", "-": ""})
    return np.array([word.lower().translate(table) for word in distinct], dtype=object)[where]
