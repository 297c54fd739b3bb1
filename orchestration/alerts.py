"""Tells somebody that a run failed: webhook and email, by configuration. Not here: deciding that it failed."""

from __future__ import annotations

import json
import smtplib
import urllib.request
from email.message import EmailMessage

from orchestration.settings import Alerts

_TIMEOUT_SECONDS = 10
# of a run that published, or said "nothing new", although a source is stale
WENT_ON = "went on without what could not be read"
# of a run that found requests of people past their day
OVERDUE = "found requests of people overdue"


def send_alert(alerts: Alerts, company: str, run_id: str, message: str, what: str = "failed") -> list[str]:
    """Sends to every configured place; one that fails does not keep the others from it. Returns what went wrong.

    `what` says what became of the run; `run_id` is "" where it could not start.
    """
    problems = []
    # the first line says what and where; the rest may be long and is in the run's log
    run = f"run {run_id[:8]}" if run_id else "the run"
    summary = f"Kundbild of {company}: {run} {what}. {message.splitlines()[0] if message else ''}".strip()
    if alerts.webhook:
        body = json.dumps({"text": summary, "run_id": run_id}).encode()
        request = urllib.request.Request(alerts.webhook, body, {"Content-Type": "application/json"})
        try:
            urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS).close()
        except OSError as error:
            problems.append(f"webhook: {type(error).__name__}")
    if alerts.email_to:
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = (
            f"Kundbild: {run} {what}",
            alerts.email_from,
            ", ".join(alerts.email_to),
        )
        mail.set_content(summary)
        try:
            with smtplib.SMTP(alerts.smtp_host, alerts.smtp_port, timeout=_TIMEOUT_SECONDS) as server:
                server.send_message(mail)
        except OSError as error:
            problems.append(f"email: {type(error).__name__}")
    return problems
