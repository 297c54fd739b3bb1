"""Tells somebody that a run failed: webhook and email, by configuration. Not here: deciding that it failed, or the deadline itself (deadline.py)."""

from __future__ import annotations

import smtplib
import socket
import ssl
from email.message import EmailMessage

from orchestration.core.deadline import LateError, within
from orchestration.core.settings import Alerts

# of each wait for a byte
_TIMEOUT_SECONDS = 10
# of a whole alert: a server that drips its answer would else hold the end of a run for ever
_ALERT_SECONDS = 20
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
        except LateError as error:
            problems.append(f"{place}: it {error}")
        except Exception as error:  # an address that is none, an answer that is not HTTP, whatever a server thinks of
            problems.append(f"{place}: {type(error).__name__}")
    return problems


def _post(alerts: Alerts, headline: str, summary: str, run_id: str) -> None:
    import requests

    from orchestration.extract.http_deadline import HangingUp

    transport = HangingUp()
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, transport)

        def post() -> None:
            body = {"text": summary, "run_id": run_id}
            # the body of the answer is not read: it may have no end
            with session.post(str(alerts.webhook), json=body, timeout=_TIMEOUT_SECONDS, stream=True) as answer:
                answer.raise_for_status()

        within(_ALERT_SECONDS, post, transport.hang_up)


def _mail(alerts: Alerts, headline: str, summary: str, run_id: str) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = f"Kundbild: {headline}", alerts.email_from, ", ".join(alerts.email_to)
    mail.set_content(summary)
    # not connected yet, so that there is something to hang up
    context = ssl.create_default_context()
    if alerts.smtp_tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(timeout=_TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(timeout=_TIMEOUT_SECONDS)
    # the name that the certificate is checked for, which connect() does not note
    vars(server)["_host"] = alerts.smtp_host

    def send() -> None:
        with server:
            code, _ = server.connect(alerts.smtp_host, alerts.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, "no greeting")
            if alerts.smtp_tls == "starttls":
                # raises where the server does not offer it: nothing is sent in the clear
                server.starttls(context=context)
            if alerts.smtp_user and alerts.smtp_password:
                server.login(alerts.smtp_user, alerts.smtp_password)
            server.send_message(mail)

    def hang_up() -> None:
        if server.sock is not None:
            server.sock.shutdown(socket.SHUT_RDWR)

    within(_ALERT_SECONDS, send, hang_up)
