"""A phone number as written → its key, E.164 where it can be told. Not here: which records have which (identity/normalise.py)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import phonenumbers

# digits that a number has at least, to be one where its country is not known
_LEAST_DIGITS = 7
# a number takes some thirty microseconds: below so many, starting processes costs more than they spare
_WORTH_PROCESSES = 50_000

Key = tuple[str | None, bool | None]


def phone_keys(numbers: Sequence[tuple[str, str]]) -> list[Key]:
    """`phone_key` of each (phone, country), on every core where there are many."""
    if len(numbers) < _WORTH_PROCESSES:
        return [phone_key(*number) for number in numbers]
    cores = os.cpu_count() or 1
    size = -(-len(numbers) // cores)
    parts = [numbers[start : start + size] for start in range(0, len(numbers), size)]
    with ThreadPoolExecutor(cores) as pool:
        return [key for keys in pool.map(_in_a_process, parts) for key in keys]


def _in_a_process(numbers: Sequence[tuple[str, str]]) -> list[Key]:
    # a process of its own by name: multiprocessing would fork DuckDB's threads, or run again the script that it is called from
    command = [sys.executable, "-m", "orchestration.phones"]
    done = subprocess.run(command, input=json.dumps(numbers), capture_output=True, check=True, text=True)
    return [(key, is_mobile) for key, is_mobile in json.loads(done.stdout)]


def phone_key(phone: str, country: str) -> Key:
    """(E.164, is it a mobile) of a number as written in `country` (ISO alpha-2 or empty).

    (its digits, None) where the country cannot be told, (None, None) where it is no number at all.
    """
    try:
        number = phonenumbers.parse(phone, country or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        digits = "".join(c for c in phone if c.isdigit()).lstrip("0")
        return (digits if len(digits) >= _LEAST_DIGITS and not country else None), None
    kind = phonenumbers.number_type(number)
    is_mobile = kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), is_mobile


if __name__ == "__main__":
    json.dump([phone_key(*number) for number in json.load(sys.stdin)], sys.stdout)
