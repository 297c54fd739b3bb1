"""On which legal basis email is sent (rule 8): consent, or where it is allowed a soft opt-in of who bought.

The same way as test_consent_rules.py.
"""

from __future__ import annotations

from tests.unit.consent import compiled_with, orders, said
from tests.unit.people import someone


def _soft(channel: str = "email", **more) -> dict:
    return {"purpose": "offers", "channel": channel, "legal_basis": "Soft opt-in"} | more


SOFT = [_soft("email"), _soft("sms"), _soft("phone")]
BOUGHT = ("2025-12-24", 100)
# what was said, when was bought and for how much in the end, and what is permitted
ON_SOFT_OPT_IN = {
    "a sale": (SOFT, BOUGHT, {("offers", "email"), ("offers", "sms")}),
    "nothing bought": (SOFT, None, set()),
    "bought later": (SOFT, ("2026-02-01", 100), set()),
    # an order that was cancelled or given back whole is not a sale
    "given back": (SOFT, ("2025-12-24", 0), set()),
    "withdrawn on one channel": ([*SOFT, {"status": "withdrawn", "at": "2026-02-01", "purpose": "offers"}], BOUGHT, {("offers", "sms")}),
    "objected": ([*SOFT, {"status": "withdrawn", "at": "2026-02-01", "purpose": "direct_marketing"}], BOUGHT, set()),
    "a survey is not an offer": ([{"legal_basis": "soft opt-in"}], BOUGHT, set()),
    "without wording": ([_soft(wording_version=None)], BOUGHT, set()),
}  # fmt: skip
ON_CONSENT_ALONE = {
    "soft opt-in": (SOFT, BOUGHT, set()),
    "another basis": ([{"legal_basis": "legitimate interest"}, {"purpose": "profiling", "legal_basis": "contract"}], BOUGHT, set()),
    "consent": ([{"legal_basis": "Consent"}], BOUGHT, {("survey", "email")}),
}  # fmt: skip


def test_rule_08_email_wants_consent_or_where_it_is_allowed_a_soft_opt_in_of_who_bought(
    permitted, compiled, warehouse, tmp_path_factory
):
    def allowed(cases: dict[str, tuple]) -> dict[str, set]:
        people = [someone(n) for n in range(len(cases))]
        customers = permitted.resolve(*people)
        bought = {f"p{n}": sale for n, (_, sale, _) in enumerate(cases.values()) if sale}
        orders(warehouse, *((customers[key], at, "completed", 100, net) for key, (at, net) in bought.items()))
        statements = [
            said(one["source_key"], **{"contact_point": one["email" if more.get("channel", "email") == "email" else "phone"]} | more)
            for one, (said_by_them, _, _) in zip(people, cases.values(), strict=True)
            for more in said_by_them
        ]  # fmt: skip
        found = permitted(people, consent_events=statements)
        return {case: {(p, c) for key, p, c in found if key == f"p{n}"} for n, case in enumerate(cases)}

    assert allowed(ON_CONSENT_ALONE) == {case: left for case, (_, _, left) in ON_CONSENT_ALONE.items()}
    compiled_before = dict(compiled)
    compiled.update(compiled_with(tmp_path_factory, soft_opt_in=True))
    try:
        assert allowed(ON_SOFT_OPT_IN) == {case: left for case, (_, _, left) in ON_SOFT_OPT_IN.items()}
    finally:
        compiled.update(compiled_before)
