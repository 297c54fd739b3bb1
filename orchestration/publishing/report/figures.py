"""The big numbers at the head of a report. Not here: the sections below them (sections.py)."""

from __future__ import annotations

from orchestration.publishing.report.asking import Question
from orchestration.publishing.report.parts import Figure

_CUSTOMERS = Question("glance_customers")
ORDERS = "connect a webshop, a till or another source of orders"
TICKETS = "connect a source of tickets"
_SALES = Question("glance_sales")
# a permission is not the whole of what lets somebody be contacted
LEFT_OUT = "Audiences leave out minors, people of unknown age, protected and deceased people."

CUSTOMERS = Figure("Customers", _CUSTOMERS, "customer_count", "connect a source of people")
BUYERS = Figure("Customers who ever bought", _CUSTOMERS, "buyer_count", ORDERS)
RECENT_ORDERS = Figure("Orders in the last 30 days", _SALES, "order_count", ORDERS)
RECENT_REVENUE = Figure("Net revenue of the last 30 days", _SALES, "net_amount", ORDERS)
AGREED = Figure(
    "Agreed to the newsletter by email",
    Question("glance_contact"),
    "newsletter_count",
    "connect a source of consents",
    LEFT_OUT,
)
RECENT_NPS = Figure("NPS of the last 90 days", Question("glance_surveys"), "nps_score", "connect a source of surveys")
FIGURES = (CUSTOMERS, BUYERS, RECENT_ORDERS, RECENT_REVENUE, AGREED, RECENT_NPS)
# of pictures only
TICKETS_OPENED = Figure("Tickets opened in the last 30 days", Question("glance_tickets"), "ticket_count", TICKETS)
