"""Fills an empty database by Tryton itself, and prints as JSON what Tryton says of it. Runs in Tryton's environment.

Not here: the environment and the database (server.py), or what Kundbild makes of it (tests/systems/test_tryton.py).
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from decimal import Decimal
from typing import Any

from proteus import Model, Wizard, config
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, create_tax, get_accounts
from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences
from trytond.modules.company.tests.tools import create_company, get_company
from trytond.modules.currency.tests.tools import get_currency

MODULES = ("account_invoice", "sale_opportunity")
# Tryton warns of a due date in the past
TODAY = dt.date.today()


def activate() -> None:
    """A company in kronor, with accounts, a fiscal year and an employee who sells."""
    module = Model.get("ir.module")
    module.click(module.find([("name", "in", MODULES)]), "activate")
    Wizard("ir.module.activate_upgrade").execute("upgrade")
    create_company(party=party("Own Company", [("eu_vat", "SE559999999101")]), currency="SEK")
    create_chart()
    set_fiscalyear_invoice_sequences(create_fiscalyear(today=TODAY)).click("create_period")


def party(name: str, identifiers: list[tuple[str, str]] = (), contacts: list[tuple[str, str]] = ()) -> Any:  # type: ignore[assignment]
    one = Model.get("party.party")(name=name)
    for kind, code in identifiers:
        one.identifiers.new(type=kind, code=code)
    for kind, value in contacts:
        one.contact_mechanisms.new(type=kind, value=value)
    one.save()
    return one


def address(one: Any, **said: Any) -> None:
    """One more of a party, which is made with an empty one. As a client sends it, without the text that Tryton makes of the parts."""
    rpc = Model.get("party.address")._proxy
    rpc.create([{"party": one.id, **said}], config.get_config().context)


def people() -> dict[str, Any]:
    sweden = Model.get("country.country")(name="Sweden", code="SE")
    sweden.save()
    mail = [
        ("phone", "+46812345678"),
        ("email", "anna@example.com"),
        ("email", "anna.work@example.com"),
        ("mobile", "+46701740605"),
    ]
    anna = party("Anna Ek", [("se_personnummer", "8112189876")], mail)
    first = anna.addresses[0]
    first.street_unstructured, first.postal_code, first.city, first.country = (
        "Storgatan 1",
        "111 22",
        "Stockholm",
        sweden,
    )
    first.save()
    address(anna, street_name="Lillgatan", building_number="2", postal_code="222 33", city="Lund", country=sweden.id)
    # dragged: the second address of email goes before the first
    bo = party(
        "Bo Dahl",
        contacts=[("email", "bo.old@example.com"), ("email", "bo@example.com"), ("email", "bo.gone@example.com")],
    )
    for mechanism, place in zip(bo.contact_mechanisms, (2, 1, 0), strict=True):
        mechanism.sequence, mechanism.active = place, place > 0
    bo.save()
    old = bo.addresses[0]
    old.street_unstructured, old.city, old.active = "Gamla vägen 9", "Umeå", False
    old.save()
    address(bo, street_name="Nygatan", building_number="7", postal_code="903 27", city="Umeå", country=sweden.id)
    gone = party("Cy Gone", contacts=[("email", "cy@example.com")])
    gone.active = False
    gone.save()
    twice = party("Anna Ek", contacts=[("email", "anna@example.com")])
    merge = Wizard("party.replace", [twice])
    merge.form.destination = anna
    merge.execute("replace")
    seller = party("Eva Seller", contacts=[("email", "eva@example.com")])
    employee = Model.get("company.employee")(party=seller, company=get_company())
    employee.save()
    acme = party("Acme AB", [("se_orgnr", "5599999991")], [("email", "info@acme.example.com")])
    buyer = party("Dan Buyer", contacts=[("email", "dan@acme.example.com")])
    return {"anna": anna, "bo": bo, "acme": acme, "buyer": buyer, "employee": employee}


def invoice(one: Any, amount: str, *, currency: str | None = None, kind: str = "out", is_posted: bool = True) -> Any:
    """An invoice of one line with a tax of a quarter."""
    accounts = get_accounts()
    new = Model.get("account.invoice")(type=kind, party=one, payment_term=terms(), invoice_date=TODAY)
    if currency:
        (new.currency,) = Model.get("currency.currency").find([("code", "=", currency)])
    if kind == "in":
        new.reference = "1"
    line = new.lines.new(account=accounts["revenue" if kind == "out" else "expense"], quantity=1)
    line.unit_price = Decimal(amount)
    if kind == "out":
        line.taxes.append(Model.get("account.tax")(Model.get("account.tax").find([])[0].id))
    new.save()
    if is_posted:
        new.click("post")
    return new


def terms() -> Any:
    """Half of it after 20 days, the rest after 40."""
    known = Model.get("account.invoice.payment_term")
    if found := known.find([("name", "=", "Halves")]):
        return found[0]
    new = known(name="Halves")
    new.lines.new(type="percent", ratio=Decimal(".5")).relativedeltas[0].days = 20
    new.lines.new(type="remainder").relativedeltas.new(days=40)
    new.save()
    return new


def invoices(who: dict[str, Any]) -> None:
    create_tax(Decimal(".25")).save()
    accounts = get_accounts()
    (journal,) = Model.get("account.journal").find([("type", "=", "cash")])
    method = Model.get("account.invoice.payment.method")(name="Cash", journal=journal)
    method.credit_account = method.debit_account = accounts["cash"]
    method.save()
    paid = invoice(who["anna"], "400.40")
    pay = paid.click("pay")
    pay.form.payment_method, pay.form.date = method, TODAY
    pay.execute("choice")
    invoice(who["acme"], "1000")
    kronor, _ = get_currency("SEK"), get_currency("EUR")
    kronor.rates.new(date=dt.date(2020, 1, 1), rate=Decimal(10))
    kronor.save()
    invoice(who["acme"], "10", currency="EUR")
    # paid back by a credit note: the invoice is then `cancelled`, and the note `paid`
    credit = Wizard("account.invoice.credit", [invoice(who["bo"], "80")])
    credit.form.with_refund, credit.form.invoice_date = True, TODAY
    credit.execute("credit")
    # a part of it given back by a note of its own
    invoice(who["bo"], "200")
    invoice(who["bo"], "-50")
    # cancelled without a note, which a company may allow: as if it had never been
    company = get_company()
    company.cancel_invoice_out = True
    company.save()
    invoice(who["anna"], "999").click("cancel")
    invoice(who["anna"], "5", is_posted=False)
    invoice(who["acme"], "70", kind="in")


def opportunities(who: dict[str, Any]) -> None:
    def new(one: Any, amount: str, *buttons: str, **more: Any) -> Any:
        made = Model.get("sale.opportunity")(party=one, amount=Decimal(amount), start_date=TODAY, **more)
        made.employee, made.payment_term = who["employee"], terms()
        if one:
            made.address = one.addresses[0]
        made.save()
        for button in buttons:
            made.click(button)
        return made

    new(who["anna"], "10", description="Tent")
    new(who["bo"], "20", "opportunity")
    new(who["anna"], "30", "opportunity", "lost")
    new(who["anna"], "40", "opportunity", "cancel")
    dan = who["buyer"].contact_mechanisms[0]
    won = new(who["acme"], "500", "opportunity", "convert", contact=dan)
    (sale,) = Model.get("sale.sale").find([("origin", "=", f"sale.opportunity,{won.id}")])
    line = sale.lines.new(quantity=1, description="Boat")
    line.unit_price = Decimal(450)
    sale.invoice_address = sale.shipment_address = who["acme"].addresses[0]
    sale.click("quote")
    sale.click("confirm")


def truth() -> dict[str, Any]:
    """What Tryton's own fields say, by the calculations of its screens."""
    (euro,) = Model.get("currency.currency").find([("code", "=", "EUR")])
    (krona,) = Model.get("currency.currency").find([("code", "=", "SEK")])
    return {
        "today": str(TODAY),
        "kronor": str(krona.rate / euro.rate),
        "parties": {
            str(one.id): [one.name, one.email, one.mobile or one.phone] for one in Model.get("party.party").find([])
        },
        "invoices": {
            str(one.id): [
                one.party.name,
                one.state,
                str(one.total_amount),
                one.currency.code,
                str(one.reconciled or ""),
            ]
            for one in Model.get("account.invoice").find([("type", "=", "out")])
        },
        "receivable": str(get_accounts()["receivable"].balance),
        "opportunities": {
            str(one.id): [one.state, str(one.amount), one.party.name, str(one.end_date or "")]
            for one in Model.get("sale.opportunity").find([])
        },
    }


if __name__ == "__main__":
    config.set_trytond(sys.argv[1])
    activate()
    everybody = people()
    invoices(everybody)
    opportunities(everybody)
    print(json.dumps(truth()))
