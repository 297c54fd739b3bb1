"""Withdrawals, as a source says them."""

from __future__ import annotations

from tests.unit.consent import said

NOBODYS = {"person_system": None, "person_key": None}
AT = "2026-03-01"
OF_BO = ("bo", "survey", "email")


def no(key: str | None, **more) -> dict:
    return said(key or "-", "withdrawn", AT, contact_point=None) | ({} if key else NOBODYS) | more
