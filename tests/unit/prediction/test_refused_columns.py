"""Which columns no score may use, by their names in the Nordic languages and English; and groups too small to be told of."""

from __future__ import annotations

import numpy as np
import pytest

from orchestration.prediction.classify.fairness import fairness_table
from orchestration.prediction.classify.labelled import Labelled, Profile
from orchestration.prediction.classify.refused import fairness_kind, refusal


@pytest.mark.parametrize(
    "name",
    [
        "pnr", "cpr", "henkilötunnus", "fodselsnr", "kennitala", "leverans_postnr", "billing_zip", "postinumero", "namn", "kundnamn", "Kundens namn",
        "asiakkaan_nimi", "fullt navn", "sähköposti", "puhelin", "mobilnr", "tlf", "gatuadress", "katuosoite", "modersmål", "äidinkieli",
        "kansalaisuus", "fødested", "efternamn_hash", "first_name_initial", "ip_address", "latitude", "race", "origin",
    ],
)  # fmt: skip
def test_what_tells_who_or_of_which_origin_somebody_is_is_refused(name):
    assert refusal(name)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("kön_kod", "gender"), ("is_female", "gender"), ("födelseår", "age"), ("syntymäaika", "age"), ("fødselsdato", "age"), ("age_years", "age"),
     ("ort", "region"), ("postort", "region"), ("paikkakunta", "region")],
)  # fmt: skip
def test_what_tells_gender_age_or_region_is_for_the_table_of_groups_only(name, kind):
    assert fairness_kind(name) == kind and not refusal(name)


@pytest.mark.parametrize(
    "name",
    [
        "product_name",
        "store",
        "plan",
        "orders",
        "campaign_language_count",
        "mobile_orders",
        "page",
        "average",
        "emails_opened",
    ],
)
def test_what_tells_neither_is_learnt_from(name):
    assert not refusal(name) and not fairness_kind(name)


def groups(**counts) -> dict[str, int]:
    written = np.concatenate([np.full(n, name) for name, n in counts.items()])
    profile = Profile("gender", len(written), 0, 0, 0, len(counts), None, None)
    label = (np.arange(len(written)) % 2).astype(np.int8)
    told = Labelled("a.csv", label, {"gender": written}, {"gender": profile}, np.array([], dtype=str), {})
    table = fairness_table(told, {"gender": "gender"}, np.linspace(0, 1, len(written)))
    return {one["group"]: one["customers"] for one in table}


def test_no_group_is_told_of_by_what_the_others_leave():
    assert groups(f=100, m=100) == {"f": 100, "m": 100}
    assert groups(f=100, m=90, x=5) == {"f": 100, "m and smaller groups": 95}
    assert groups(f=100, m=90, x=20, y=15) == {"f": 100, "m": 90, "smaller groups": 35}
    assert groups(f=40, x=1) == {"f and smaller groups": 41}
    assert groups(x=10, y=15) == {}
