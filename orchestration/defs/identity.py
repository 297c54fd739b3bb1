"""The identity step as assets. Not here: resolving identities (orchestration/identity)."""

import hashlib
from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.contracts.person_rows import shown_columns
from orchestration.core.settings import Settings
from orchestration.core.warehouse import row_counts
from orchestration.defs.resources import NightResource
from orchestration.identity.contact_points import key_withdrawn_points
from orchestration.identity.groups import find_companies, find_households
from orchestration.identity.ids import prepare_ids
from orchestration.identity.model import nightly_model
from orchestration.identity.registers import key_reservations
from orchestration.identity.resolve import resolve_identities
from orchestration.identity.review import review_examples
from orchestration.identity.scoring import forget_calibration
from orchestration.identity.training import train_nightly_model
from orchestration.identity.unread_entries import find_unread_entries
from orchestration.identity.untied import find_untied
from orchestration.insight.quality_history import prepare_quality
from orchestration.insight.segment_history import prepare_memberships
from orchestration.match_keys.phones import read_phones
from orchestration.privacy.intake.line_readers import readers
from orchestration.privacy.intake.personal_text import find_personal_text
from orchestration.privacy.intake.rejected_withdrawals import note_rejected_withdrawals
from orchestration.privacy.intake.special_values import find_special_values
from orchestration.privacy.intake.withdrawals import note_withdrawals
from orchestration.privacy.rights.rights_keys import apply_known_rights
from orchestration.privacy.secrets.pepper import find_pepper
from orchestration.privacy.secrets.pseudonyms import key_customers
from orchestration.run.progress import tell

_TABLES = {
    "normalised_people": "One row per standing source record with its match keys.",
    "phone_numbers": "One row per phone number as it is written: its key, and all that it may be.",
    "identifiers": "One row per email address and phone number, with why it is ignored where it is.",
    "scored_pairs": "One row per pair of records that were compared: weight of the evidence in bits, probability.",
    "edges": "One row per pair of records and the rule that joins them; whether it is used, its weight, the model's version.",
    "record_clusters": "One row per record with the connected component that it lies in.",
    "review_queue": "Pairs of customers that may be one, for a person to decide; `kundbild review`.",
    "customer_source_records": "Which customer a source record belongs to, and since when.",
    "customer_keys": "Each customer's pseudonym in bi: a keyed hash.",
    "shown_values": "Texts and keys with an address or a number of somebody in them, and what analysts see in their place.",
    "special_values": "Names and categories of products, search terms and answers that tell of a special category of data (Art. 9): no interest is inferred of them.",
    "reservation_keys": "One row per entry of a public register against marketing with its match keys.",
    "register_versions": "One row per public register and version: its entries, and whether it shrank by more than it may.",
    "withdrawals": "One row per withdrawal of consent that was ever seen, whatever became of its row at the source.",
    "withdrawn_points": "One row per contact point that somebody withdrew from, with its match keys.",
    "point_holders": "Which records have a contact point that was withdrawn from, or were granted something on it.",
    "heirs": "For which records a withdrawal of another one stands: they have its address or number and it is gone or set aside, its key in another spelling, or may be of the same person.",
    "former_people": "Who had a record's key before it was given to somebody else, and what is kept to know them again by.",
    "untied_withdrawals": "One row per withdrawal that is about nobody known and names no contact point that can be read, and per entry of a register that cannot be read.",
    "void_grants": "Records and contact points on which a grant is not evidence (other customers' only, nobody's), or ended with a correction.",
    "segment_memberships": "Memberships of segments, kept from night to night, as the last publication left them.",
    "household_members": "Customers who live together: which household a customer belongs to, and since when.",
    "company_source_records": "Which company a company's record belongs to, and since when.",
    "customer_identity_events": "Every creation, merge, split, move and retirement of a customer id.",
    "customer_id_redirects": "Where an id that was merged away leads to.",
}


# what people say with `kundbild object`, `rectify`, `restrict` and `hold`: the step that resolves people does not make it
_SAID = {
    "objections": "Objections to direct marketing (Art. 21), one row per source record of whoever made one.",
    "corrections": "Corrections (Art. 16), one row per source record and field.",
    "restrictions": "Whose data are restricted (Art. 18), one row per source record.",
    "held_records": "Whose rows retention leaves for a legal hold (Art. 17(3)), one row per source record.",
}


def rights_specs(settings: Settings) -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            key=["identity", table],
            group_name="identity",
            description=description,
            owners=[settings.owner],
            kinds={"duckdb"},
            metadata={"dagster/table_name": f"identity.{table}"},
        )
        for table, description in _SAID.items()
    ]


def identity_assets(settings: Settings) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="identify",
        specs=[
            dg.AssetSpec(
                key=["identity", table],
                group_name="identity",
                description=description,
                deps=[
                    ["conformed", "conformed_people"],
                    ["conformed", "conformed_companies"],
                    ["conformed", "conformed_reservations"],
                    ["conformed", "conformed_consent_events"],
                    ["conformed", "conformed_email_events"],
                    *(
                        ["conformed", f"conformed_{entity}"]
                        for entity in sorted({of.entity for of in shown_columns()} - {"email_events"})
                    ),
                    ["reference", "register_rules"],
                    ["reference", "junk_identifiers"],
                    ["reference", "identifier_overrides"],
                    ["reference", "role_mailboxes"],
                    ["reference", "nicknames"],
                ],
                owners=[settings.owner],
                kinds={"python", "duckdb"},
                metadata={"dagster/table_name": f"identity.{table}"},
            )
            for table, description in _TABLES.items()
        ],
        description="People → customers: match keys, edges, components, ids that last.",
    )
    def identify(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
        run = night.night
        with run.warehouse() as con:
            if run.is_recalibrated:
                forget_calibration(con)
            pepper = find_pepper(con, run.settings.privacy.pepper)
            country = run.settings.identity.default_country
            read_phones(
                con, "select phone, country_code from conformed.conformed_people where deleted_at is null", country
            )
            # a request may be there before the first customer is
            prepare_ids(con)
            # the publication writes it; the marts of the first night find it empty
            prepare_memberships(con)
            prepare_quality(con, run.run_id)
            known = apply_known_rights(con, pepper)
            if known:
                tell("identity", f"records that fall under an earlier request of their person: {known:,}")
            changes = resolve_identities(
                con,
                run.settings.identity,
                nightly_model(run.home),
                run.run_id,
                run.as_of,
                lambda step, rows: tell("identity", f"{step}: {rows:,}"),
                everything=run.full_refresh,
            )
            tell("identity", f"customer_keys: {key_customers(con, pepper):,}")
            for place, rows in find_personal_text(con, pepper).items():
                tell("identity", f"{place}: an address or a number of somebody is not shown to analysts: {rows:,} rows")
            for place, values in find_special_values(con).items():
                tell(
                    "identity",
                    f"{place}: tells of a special category, no interest is inferred of it: {values:,} values",
                )
            tell("identity", f"reservation_keys: {key_reservations(con):,}")
            ledger = note_withdrawals(
                con, run.dbt.vars["feeds"], hashlib.sha256(run.dbt.fingerprint().encode()).hexdigest()
            )
            note_rejected_withdrawals(con, readers(run.settings))
            tell("identity", f"withdrawals: {ledger:,}")
            points = key_withdrawn_points(
                con,
                run.settings.identity.default_country,
                run.settings.privacy.namesakes_share_refusals,
                run.settings,
            )
            tell("identity", f"withdrawn_points: {points:,}")
            tell("identity", f"untied_withdrawals: {find_untied(con):,}")
            tell("identity", f"entries of registers that cannot be read: {find_unread_entries(con, run.settings):,}")
            tell("identity", f"households: {find_households(con, run.as_of):,}")
            tell("identity", f"companies: {find_companies(con, run.as_of):,}")
            counts = row_counts(con)
            to_review = review_examples(con)
        for table in _TABLES:
            metadata: dict[str, Any] = {"dagster/row_count": counts[f"identity.{table}"]}
            if table == "customer_source_records":
                metadata |= {
                    "customers": changes.customers,
                    "created": changes.created,
                    "changed": changes.changed,
                    "retired": changes.retired,
                }
            if table == "review_queue":
                metadata["most_important"] = dg.MetadataValue.md(to_review)
            yield dg.MaterializeResult(asset_key=["identity", table], metadata=metadata)

    return identify


def training_job() -> dg.JobDefinition:
    @dg.op(description="People of the last night → the company's own identity model, without labels.")
    def train_model(context: dg.OpExecutionContext, night: NightResource) -> None:
        run = night.night
        with run.warehouse() as con:
            model = train_nightly_model(con, run.home, run.settings.identity)
        context.add_output_metadata({"version": model.version, "records": model.trained_on_records})

    @dg.job(
        name="train_identity_model",
        description="Train the identity model on the company's own people; the next night uses it.",
        executor_def=dg.in_process_executor,
    )
    def train_identity_model() -> None:
        train_model()

    return train_identity_model
