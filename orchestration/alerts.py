"""Tells somebody that a run failed: webhook and email, by configuration. Not here: deciding that it failed."""

from __future__ import annotations

import json
import smtplib
import urllib.request
from email.message import EmailMessage
from http.client import HTTPException

from orchestration.settings import Alerts

_TIMEOUT_SECONDS = 10
# what became of a run that published, or said "nothing new", although a source is stale
WENT_ON = "went on without what could not be read"
# of a run that found requests of people past their day; and where no run did
OVERDUE = "found requests of people overdue"
ARE_OVERDUE = "requests of people are overdue"


def places(alerts: Alerts) -> list[str]:
    """Where alerts go, by configuration."""
    return ["webhook"] * bool(alerts.webhook) + ["email"] * bool(alerts.email_to)


def send_alert(
    alerts: Alerts, company: str, run_id: str, message: str, what: str = "failed", *, only: str | None = None
) -> list[str]:
    """Sends to every configured place, or to the `only` one; one that fails does not keep the others from it. Returns
    what went wrong.

    `what` says what became of the run; where there is none, `run_id` is "" and `what` says all of it.
    """
    problems = []
    # the first line says what and where; the rest may be long and is in the run's log
    headline = f"run {run_id[:8]} {what}" if run_id else what
    summary = f"Kundbild of {company}: {headline}. {message.splitlines()[0] if message else ''}".strip()
    send = {"webhook": _post, "email": _mail}
    for place in [place for place in places(alerts) if only in (None, place)]:
        try:
            send[place](alerts, headline, summary, run_id)
        # an address that is none, or an answer that is no HTTP
        except (OSError, ValueError, HTTPException) as error:
            problems.append(f"{place}: {type(error).__name__}")
    return problems


def _post(alerts: Alerts, headline: str, summary: str, run_id: str) -> None:
    body = json.dumps({"text": summary, "run_id": run_id}).encode()
    request = urllib.request.Request(str(alerts.webhook), body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS).close()


def _mail(alerts: Alerts, headline: str, summary: str, run_id: str) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = f"Kundbild: {headline}", alerts.email_from, ", ".join(alerts.email_to)
    mail.set_content(summary)
    with smtplib.SMTP(alerts.smtp_host, alerts.smtp_port, timeout=_TIMEOUT_SECONDS) as server:
        server.send_message(mail)
