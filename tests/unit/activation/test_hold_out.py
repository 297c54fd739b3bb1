"""Who is left out of an audience's file at random: the share, the same ones on the same day, noted, and told to nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestration.activation.hold_out import drawn
from orchestration.core.errors import KundbildError
from orchestration.privacy.audit.exports import exports_with
from tests.unit.activation.exporting import NOW, PEPPER, exported

MANY = [f"c{n}" for n in range(20_000)]


def test_a_lot_holds_out_its_share_and_the_same_ones_again(night):
    lot = drawn(night, PEPPER, "news:mailer:2026-11-02", MANY, 0.1)
    assert 0.09 < len(lot) / len(MANY) < 0.11
    assert drawn(night, PEPPER, "news:mailer:2026-11-02", MANY[:500], 0.1) == lot & set(MANY[:500])
    # a larger share holds out the same ones and more; another day or recipient others
    assert lot < drawn(night, PEPPER, "news:mailer:2026-11-02", MANY, 0.2)
    other = drawn(night, PEPPER, "news:mailer:2026-11-03", MANY, 0.1)
    assert 0.05 < len(lot & other) / len(lot) < 0.15
    assert drawn(night, PEPPER, "news:mailer:2026-11-02", MANY, 0.0) == set()


def test_who_is_held_out_is_in_no_file_and_is_noted_with_the_export(night, tmp_path):
    everybody, _ = exported(night, tmp_path / "all.csv", recipient="mailer")
    days = (NOW + timedelta(minutes=n) for n in (1, 2))
    first, again = (
        exported(night, tmp_path / f"{at:%M}.csv", at=at, recipient="mailer", hold_out=0.5)[0] for at in days
    )
    held_out = set(everybody) - set(first)
    assert first == again and 0 < len(held_out) < len(everybody), "this day holds out some"
    assert night.execute(
        "select count(h.keyed_hash) from restricted.exports e left join restricted.held_out h using (export_id) group by e.export_id, e.exported_at order by e.exported_at"
    ).fetchall() == [(0,), (len(held_out),), (len(held_out),)]
    # no recipient has them: nobody has to be told (Art. 19), and nothing has to be removed
    (customer,) = sorted(held_out)[:1]
    assert len(exports_with(night, PEPPER, [customer])) == 1 and len(exports_with(night, PEPPER, [min(first)])) == 3


@pytest.mark.parametrize("share", [-0.1, 0.95, 1.0])
def test_a_share_that_leaves_nobody_is_refused(night, tmp_path, share):
    with pytest.raises(KundbildError, match="is not a share"):
        exported(night, tmp_path / "a.csv", hold_out=share)
    assert not (tmp_path / "a.csv").exists()
