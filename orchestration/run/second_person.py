"""An erasure that waits is confirmed, or refused, by another person than who asked for it ([privacy] second_person).

Here: who may confirm, and what follows. Not here: erasing (erase.py).
"""

from __future__ import annotations

from orchestration.core.clock import now
from orchestration.core.disk import saying_what_is_kept
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.migrations import migrate
from orchestration.core.settings import Settings
from orchestration.core.warehouse import open_warehouse, scalar, transaction
from orchestration.privacy.audit.asking import person_asking
from orchestration.privacy.audit.log import audit_log
from orchestration.privacy.erasure.erasure import Erased
from orchestration.privacy.intake.request_words import BY_SOURCE
from orchestration.privacy.rights.deadlines import request_named
from orchestration.privacy.rights.named import Named, holds_on, named_by_request
from orchestration.privacy.rights.objections import withdraw_restricted
from orchestration.privacy.rights.register import customers_by_subject, set_state
from orchestration.privacy.rights.requests import State
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.run.erase import Outcome, Wish, carry_out
from orchestration.run.unfinished import finish_unfinished


def confirm(home: Home, settings: Settings, name: str, *, is_refused: bool = False, by: str = "") -> Outcome:
    """Carries out the erasure that waits as request `name`; refused, it is closed and its restriction lifted; contact
    stays denied.

    `by` is who says so, as `person_asking()` unless given. Raises KundbildError where none waits, who asked is who confirms,
    or nobody can be told who confirms.
    """
    home.prepare()
    with saying_what_is_kept(home.root) as kept, home.lock("confirmation"):
        migrate(home, settings.engine)
        finish_unfinished(home, settings)
        with open_warehouse(home, settings.engine) as con:
            request = request_named(con, name)
            if request.state != "waiting":
                raise KundbildError(
                    f"the request waits for nobody: it is {request.state}",
                    to_do="`kundbild requests --open` lists them",
                )
            # who takes it back need not be a second person: nothing is lost by it; what a source delivered nobody here asked for
            if not is_refused and request.asked_by != BY_SOURCE:
                _check_second(request.asked_by, by or person_asking())
            if is_refused:
                with transaction(con):
                    set_state(con, request.request_id, "refused", now())
                    # one that waits since before it denied contact
                    withdraw_restricted(con, now(), request.request_id)
                    con.execute("delete from identity.restrictions where request_id = $1", [request.request_id])
                kept.is_noted = True
                detail: dict[str, int | str] = {"request": request.request_id}
                audit_log(home, settings.privacy).append("erasure-refused", detail=detail)
                return Outcome("refused", request.request_id, [], Erased(0, 0, 0, [], 0, []))
            pepper = find_pepper(con, settings.privacy.pepper)
            subject = scalar(
                con, "select subject from restricted.rights_requests where request_id = $1", [request.request_id]
            )
            customers = customers_by_subject(con, pepper, subject)
            found = Named(customers) if customers else named_by_request(con, settings, request.request_id)
            (hold,) = holds_on(con, settings, [found])
        whom = found.candidates
        if len(whom) != 1:
            # gone meanwhile, or split: a person says whom it is about now
            wish = Wish(request.request_id, whom, "held" if whom else "unknown", None, request.request_id)
        else:
            state: State = "held" if hold else "done"
            wish = Wish(whom[0], whom, state, hold, request.request_id, unresolved=found.nobodys)
        return carry_out(home, settings, [wish], request.received_at, kept)[0]


def _check_second(asked_by: str | None, who: str) -> None:
    if _uid(asked_by) == _uid(who):
        raise KundbildError(
            f"user {who} asked for the erasure: another one has to confirm it",
            to_do="have a second user of this machine, who may read the home folder and the pepper, confirm it",
        )
    if _uid(who) == "0":
        raise KundbildError(
            "root can act as any user, also as the one who asked for the erasure",
            to_do="confirm it as a second user of this machine, or by sudo from there",
        )


def _uid(actor_: str | None) -> str:
    return (actor_ or "").split(" ")[0]
