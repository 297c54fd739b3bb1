"""Jobs by which a data protection officer works in the UI. Not here: erasing (erase.py), subject access (privacy/)."""

from collections.abc import Sequence

import dagster as dg
from pydantic import Field

from orchestration.configuration import load_settings
from orchestration.erase import erase as erase_people
from orchestration.night import home_and_config
from orchestration.privacy.rights import Subject
from orchestration.requests import answer


class Whom(dg.Config):
    """Whom it is about: ids that mean nothing once the person is gone. Dagster keeps what it is given, so no address is taken."""

    customers: list[str] = Field(default=[], description="customer ids, old ones too")
    source_records: list[str] = Field(default=[], description="source records, as crm:1042")

    def subjects(self) -> list[Subject]:
        found = [Subject(customer=value) for value in self.customers]
        found += [Subject(source_record=value) for value in self.source_records]
        if not found:
            raise dg.Failure(
                description="say whom it is about: customers or source_records in the run's configuration; by an email address, "
                "`kundbild erase` and `kundbild export-subject`",
                allow_retries=False,
            )
        return found


def erase_job() -> dg.JobDefinition:
    @dg.op(description="Erases people (Art. 17) from every table, publication and byte of the home folder.")
    def erase(context: dg.OpExecutionContext, config: Whom) -> None:
        home, path = home_and_config()
        _tell(context, [outcome.state for outcome in erase_people(home, load_settings(path), config.subjects())])

    @dg.job(
        name="erase_customers",
        description="Erase people (Art. 17), as `kundbild erase`; `kundbild prove-erasure` proves it.",
        executor_def=dg.in_process_executor,
    )
    def erase_customers() -> None:
        erase()

    return erase_customers


def export_job() -> dg.JobDefinition:
    @dg.op(
        description="Writes everything that is held of people (Art. 15, 20) below subject_access in the home folder."
    )
    def export(context: dg.OpExecutionContext, config: Whom) -> None:
        home, path = home_and_config()
        _tell(context, answer(home, load_settings(path), config.subjects()))

    @dg.job(
        name="export_subject",
        description="Everything that is held of somebody, as JSON and as a page, to be sent to them; as `kundbild export-subject`.",
        executor_def=dg.in_process_executor,
    )
    def export_subject() -> None:
        export()

    return export_subject


def _tell(context: dg.OpExecutionContext, states: Sequence[str]) -> None:
    context.add_output_metadata({state: states.count(state) for state in sorted(set(states))})
    if any(state != "done" for state in states):
        raise dg.Failure(
            description=f"{sum(state != 'done' for state in states)} of {len(states)} are about nobody here, or about more than one "
            "customer: `kundbild requests` lists them; what is done is done",
            allow_retries=False,
        )
