"""`kundbild object`, `withdraw`, `restrict`, `rectify`, `export-subject`: arguments and what is printed.

Not here: how each of them notes and tells its request (cli/used_rights.py), work (privacy/), erasure (cli/erasure.py), the list of
requests (cli/requests.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.cli.console import Json, Overwrite, out
from orchestration.cli.options import OneCustomer, OneEmail, OnePhone, OneRecord, Received, one_subject
from orchestration.cli.used_rights import use_right
from orchestration.core.home import assert_may_write, write_private


def object_to_marketing(
    customer: OneCustomer = None,
    email: OneEmail = None,
    phone: OnePhone = None,
    source_record: OneRecord = None,
    received: Received = "",
    profiling: Annotated[
        bool, typer.Option("--profiling", help="Object to profiling alone; other permissions stand.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Record an objection to direct marketing (Art. 21): every marketing purpose on every channel ends, profiling too.

    It stands through merges, splits, new keys and new deliveries; only a later grant with its evidence permits a
    purpose again. Exports and the published audiences leave the customer out at once. If no customer, or
    several, match an address, number or record, it is blocked now and for whoever has it later.
    """
    from orchestration.privacy.rights.objections import object_to_marketing as note
    from orchestration.privacy.rights.objections import withdraw_by
    from orchestration.privacy.rights.rights_keys import object_unresolved

    purpose = "profiling" if profiling else "direct_marketing"
    use_right(
        "object",
        one_subject(customer, email, phone, source_record),
        lambda con, whom, at, request: note(con, whom, at, request, purpose),
        as_json,
        received=received,
        deny=lambda con, subject, at, request: withdraw_by(con, subject, at, request, purpose, "all"),
        of_nobody=lambda con, pepper, whom, at, request: object_unresolved(
            con, pepper, whom, at, request, purpose, "all"
        ),
    )


def withdraw(
    customer: OneCustomer = None,
    email: OneEmail = None,
    phone: OnePhone = None,
    source_record: OneRecord = None,
    received: Received = "",
    purpose: Annotated[str, typer.Option(help="A purpose of the seed purposes, or all.")] = "all",
    channel: Annotated[str, typer.Option(help="A channel of the seed channels, or all.")] = "all",
    as_json: Json = False,
) -> None:
    """Record a withdrawal of consent. Default: for all purposes and channels.

    As after an objection, exports and the published audiences leave the customer out at once, and only a later grant permits
    contact again.
    """
    from orchestration.contracts.channels import channels
    from orchestration.core.errors import KundbildError
    from orchestration.privacy.rights.objections import withdraw as note
    from orchestration.privacy.rights.objections import withdraw_by
    from orchestration.privacy.rights.rights_keys import object_unresolved

    if channel not in (*channels(), "all"):
        raise KundbildError(f"{channel!r} is not a channel", to_do=f"channels are {', '.join(channels())}, or all")

    def of_a_purpose(con: Any) -> None:
        known = [name for (name,) in con.execute("select purpose from reference.purposes order by 1").fetchall()]
        if purpose not in (*known, "all"):
            raise KundbildError(f"{purpose!r} is not a purpose", to_do=f"purposes are {', '.join(known)}, or all")

    def use(con: Any, whom: str, at: Any, request: str) -> int:
        of_a_purpose(con)
        return note(con, whom, at, request, purpose, channel)

    def deny(con: Any, subject: Any, at: Any, request: str) -> None:
        of_a_purpose(con)
        withdraw_by(con, subject, at, request, purpose, channel)

    def use_of_nobody(con: Any, pepper: Any, whom: Any, at: Any, request: str) -> int:
        of_a_purpose(con)
        return object_unresolved(con, pepper, whom, at, request, purpose, channel)

    use_right(
        "withdraw", one_subject(customer, email, phone, source_record), use, as_json, received=received, deny=deny,
        of_nobody=use_of_nobody,
    )  # fmt: skip


def restrict(
    customer: OneCustomer = None,
    email: OneEmail = None,
    phone: OnePhone = None,
    source_record: OneRecord = None,
    received: Received = "",
    lift: Annotated[bool, typer.Option("--lift", help="Lift the restriction.")] = False,
    as_json: Json = False,
) -> None:
    """Restrict somebody's data (Art. 18): they stay stored, and are in no mart, audience or publication from now on.

    Sales stay, without the person. With --lift the next night shows them again. If no customer, or several,
    match an address, number or record, nothing is restricted, and nobody who has it is contacted.
    """
    from orchestration.core.configuration import home_and_config
    from orchestration.privacy.erasure.erasure import hide
    from orchestration.privacy.rights.objections import withdraw_by
    from orchestration.privacy.rights.restrictions import free
    from orchestration.privacy.rights.restrictions import restrict as note
    from orchestration.privacy.rights.rights_keys import free_unresolved, restrict_unresolved

    def deny(con: Any, subject: Any, at: Any, request: str) -> None:
        withdraw_by(con, subject, at, request, "all", "all")

    home, _ = home_and_config()
    use_right(
        "restrict",
        one_subject(customer, email, phone, source_record),
        free if lift else note,
        as_json,
        None if lift else lambda con, whom: hide(con, home, [whom]),
        received=received,
        deny=None if lift else deny,
        is_lifted=True,
        of_nobody=lambda con, pepper, whom, at, request: (
            free_unresolved(con, pepper, whom) if lift else restrict_unresolved(con, pepper, whom, at, request)
        ),
    )


def export_subject(
    customer: OneCustomer = None,
    email: OneEmail = None,
    phone: OnePhone = None,
    source_record: OneRecord = None,
    received: Received = "",
    file: Annotated[
        Path | None, typer.Option("--to", help="Write it there (made private) instead of printing it.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page that a person can read; it is made private.")] = None,
    language: Annotated[
        str, typer.Option(help="Of the page: sv, no, da, fi or en; unless given, that of the person's country.")
    ] = "",
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Export all data of a person (Art. 15), with its purposes, and the part that they may take elsewhere (Art. 20).

    JSON, valid by orchestration/privacy/rights/subject_access.schema.json. Exit code 3: no customer matches, or more than one does.
    """
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.errors import KundbildError
    from orchestration.privacy.audit.catalogue import categories_with
    from orchestration.privacy.rights.deadlines import received_on
    from orchestration.privacy.rights.phrases import LANGUAGES
    from orchestration.privacy.rights.subject_access import as_json as as_text
    from orchestration.privacy.rights.subject_access import as_page
    from orchestration.privacy.rights.subject_access import export_subject as export
    from orchestration.privacy.secrets.pepper import find_pepper

    for path in filter(None, (file, html)):
        assert_may_write(path, overwrite=overwrite)
    _, config = home_and_config()
    if language and language not in LANGUAGES:
        raise KundbildError(f"there is no page in {language!r}", to_do=f"languages are {', '.join(LANGUAGES)}")
    settings = load_settings(config)
    kinds = categories_with(settings.privacy.retention_days)
    documents: list[dict[str, Any]] = []

    def collect(con: Any, whom: Any, at: Any, request: str) -> int:
        pepper = find_pepper(con, settings.privacy.pepper)
        documents.append(export(con, settings, pepper, whom, received_on(received, at), kinds, language))
        # before it counts as done: where a file cannot be written, nothing is noted
        if file:
            write_private(file, as_text(documents[0]))
        if html:
            write_private(html, as_page(documents[0]))
        return sum(len(table["rows"]) for table in documents[0]["data"])

    def collect_of_nobody(con: Any, pepper: Any, whom: Any, at: Any, request: str) -> int:
        return collect(con, whom, at, request)

    def unwrite() -> None:
        for path in (file, html) if documents else ():
            # a pipe or a device stays
            if path and path.is_file():
                path.unlink()

    use_right(
        "export", one_subject(customer, email, phone, source_record), collect, as_json, received=received, is_quiet=True, undo=unwrite,
        of_nobody=collect_of_nobody,
    )  # fmt: skip
    if as_json or not (file or html):
        print(as_text(documents[0]), end="")
    else:
        out.print(
            f"Written: {', '.join(str(path) for path in (file, html) if path)}. It holds personal data: delete it when it is sent.",
            highlight=False,
        )


def rectify(
    set_: Annotated[
        list[str],
        typer.Option("--set", help="A field and its correct value, as city=Luleå; empty for none. May be repeated."),
    ],
    customer: OneCustomer = None,
    email: OneEmail = None,
    phone: OnePhone = None,
    source_record: OneRecord = None,
    received: Received = "",
    as_json: Json = False,
) -> None:
    """Correct a person's data (Art. 16). The correction holds whatever the sources deliver; fix the sources too.

    Fields are those of conformed people: full_name, given_name, family_name, email, phone, birth_date, gender, street,
    postal_code, city, country_code. A value that its field cannot hold is refused; an address or number that another
    customer has, or a name with the birth date or address of another, is held (exit code 3). The next night shows it.
    """
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.core.errors import KundbildError
    from orchestration.privacy.rights.correction_checks import others_with
    from orchestration.privacy.rights.corrections import correct
    from orchestration.privacy.rights.rights_keys import correct_unresolved

    values: dict[str, str | None] = {}
    for said in set_:
        field, sign, value = said.partition("=")
        if not sign:
            raise KundbildError("a correction is a field and a value", to_do="write --set city=Luleå")
        values[field.strip()] = value.strip() or None
    country = load_settings(home_and_config()[1]).identity.default_country
    use_right(
        "rectify",
        one_subject(customer, email, phone, source_record),
        lambda con, whom, at, request: correct(con, whom, values, at, request),
        as_json,
        received=received,
        held_by=lambda con, whom: others_with(con, whom, values),
        of_nobody=lambda con, pepper, whom, at, request: correct_unresolved(
            con, pepper, country, whom, values, at, request
        ),
    )
