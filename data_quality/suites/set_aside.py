"""Promise: what is set aside is little, and never somebody's no, nor an entry of a register. Not here: rules on rows (the conformed contracts)."""

from __future__ import annotations

from dataclasses import replace

from data_quality.checks import Check, History, Suite
from data_quality.suites.common import no_row_where, no_rows
from orchestration.core.settings import Settings
from orchestration.identity.unread_entries import PREFIX

# on purpose, or with nothing lost
_HARMLESS = "('ignored', 'duplicate')"


_OF_A_REGISTER = (
    "Every line of a register could be read: whoever one is about that could not may be in an audience. `kundbild quarantine list` says "
    "of which register, and with --keys which lines: fix the file, or see to it by hand and say so with `kundbild quarantine acknowledge "
    "SOURCE TABLE`."
)


def _share_is_small(settings: Settings) -> Check:
    quality = settings.quality
    limit = quality.max_quarantine_share
    # who says how many lines of a file may be unreadable means it here too
    rejects = max(limit, quality.max_reject_share) if "max_reject_share" in quality.model_fields_set else limit
    crowded = (
        "(select source_system, table_name, kind = 'rejected' as is_rejected, sum(row_count - acknowledged_count) as gone, "
        f"max(of_count) as came from {{batch}} where kind not in {_HARMLESS} group by 1, 2, 3) as t "
        f"where gone > came * case when is_rejected then {rejects} else {limit} end "
        f"and (gone > {quality.max_quarantine_rows} or gone * 2 > came)"
    )
    check = no_rows(
        "share_is_small",
        f"No table has more than {quality.max_quarantine_rows} rows and more than {limit:.1%}, or more than half of its rows, set aside; "
        "acknowledged rows do not count. `kundbild quarantine list` says what and why: fix it, acknowledge it, or raise "
        "max_quarantine_share below [quality].",
        f"select * from {crowded}",
    )
    told = "source_system || ' ' || table_name || ' (' || round(100.0 * gone / greatest(came, 1), 1) || '% of ' || came || ')'"
    return replace(check, culprits=f"select {told}, gone::bigint from {crowded}")


def suites(settings: Settings, history: History) -> list[Suite]:
    checks = (
        _share_is_small(settings),
        no_row_where(
            "no_withdrawal_is_set_aside",
            "No withdrawal is without anybody whom it denies: fix it at the source, or see to it by hand and say so with "
            "`kundbild quarantine acknowledge`.",
            "b.kind = 'withdrawal' and b.row_count > b.acknowledged_count",
        ),
        no_row_where(
            "no_grant_is_set_aside",
            "Every grant can be read: who gave one that cannot is not written to.",
            "b.kind = 'grant' and b.row_count > b.acknowledged_count",
            "WARN",
        ),
        no_row_where(
            "no_register_entry_is_set_aside",
            _OF_A_REGISTER,
            "b.kind = 'register' and b.row_count > b.acknowledged_count",
        ),
    )
    of_register = f"starts_with(b.digest, '{PREFIX}')"
    about_nobody = no_row_where(
        "no_withdrawal_is_about_nobody",
        "Every withdrawal is about a person who is or was known, or names a contact point that can be read. "
        "`kundbild quarantine list --keys` says which is not: fix it at the source, or see to it by hand and say so with "
        "`kundbild quarantine acknowledge`.",
        f"not {of_register} and b.digest not in (select digest from ops.acknowledged)",
    )
    unread = no_row_where(
        "every_register_line_is_read",
        _OF_A_REGISTER,
        f"{of_register} and b.digest not in (select digest from ops.acknowledged)",
    )
    return [
        Suite("promise", "quarantine", "set_aside", ("quarantine", "set_aside"), checks),
        Suite("promise", "identity", "untied_withdrawals", ("identity", "untied_withdrawals"), (about_nobody, unread)),
    ]
