"""What dbt is told of this company: its vars, and the environment that the project's files read.

Not here: running dbt (runner.py), or the mapped models (mapping.py).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from orchestration.contracts.audiences import audience_models
from orchestration.contracts.mapping_times import EARLIEST_TIME
from orchestration.contracts.segment_rules import segment_variables
from orchestration.core.home import Home
from orchestration.core.settings import DBT_DIR, Settings
from orchestration.core.settings.insight import LOT_DAYS
from orchestration.privacy.intake.evidence_words import MARKUP, NO_EVIDENCE, NOTHING_SAID, WORDS_BETWEEN
from orchestration.privacy.intake.withdrawals import EARLIEST, HARMLESS_KINDS, REFUSAL, WITHDRAWN_WORDS
from orchestration.privacy.rights.corrections import CORRECTABLE
from orchestration.transform.mapping import own_systems


def variables(settings: Settings, mapped: dict[str, list[str]]) -> dict[str, Any]:
    """dbt's vars: enabled systems, what feeds each entity (`mapped`: by mapping), the currency."""
    feeds: dict[str, list[str]] = {entity: list(names) for entity, names in mapped.items()}
    staging = DBT_DIR / "models" / "staging"
    systems = []
    for source, spec in settings.enabled_sources.items():
        if not spec.system:
            continue
        models = sorted((staging / source).glob(f"stg_{source}__*.sql"))
        if models:
            systems.append(source)
        for model in models:
            entity = model.stem.removeprefix(f"stg_{source}__")
            feeds.setdefault(entity, []).append(source)
    return {
        "systems": systems,
        "own_systems": own_systems(settings),
        "feeds": {e: sorted(set(s)) for e, s in sorted(feeds.items())},
        "audiences": [audience.model for audience in audience_models()],
        **segment_variables(settings),
        "currency": settings.currency,
        "exchange_rates": [rate.model_dump(mode="json") for rate in settings.exchange_rates],
        "purposes": {name: one.rules() for name, one in settings.privacy.purposes.items()},
        "max_rate_age_days": settings.quality.max_rate_age_days,
        "correctable": list(CORRECTABLE),
        "withdrawn_words": list(WITHDRAWN_WORDS),
        "harmless_kinds": list(HARMLESS_KINDS),
        "no_evidence": list(NO_EVIDENCE),
        "nothing_said": NOTHING_SAID,
        "words_between": WORDS_BETWEEN,
        "markup": MARKUP,
        "refusal": REFUSAL,
        "earliest_statement": EARLIEST,
        "earliest_time": EARLIEST_TIME,
        "timezones": {name: s.timezone for name, s in settings.enabled_sources.items() if s.timezone},
        "min_people": settings.privacy.min_people,
        "analyst_time": settings.privacy.analyst_time,
        "insight": settings.insight.model_dump(),
        "lot_days": LOT_DAYS,
        "retention_days": settings.privacy.retention_days,
        "expiring_days": settings.privacy.expiring_days,
        "is_charity": settings.privacy.is_charity,
        "soft_opt_in": settings.privacy.soft_opt_in,
        "unknown_age_is_adult": settings.privacy.unknown_age_is_adult,
        "golden_record": {
            "source_priority": settings.golden_record.source_priority,
            "fields": settings.golden_record.model_dump(exclude={"source_priority"}),
        },
    }


def environment(settings: Settings, home: Home, project: Path) -> dict[str, str]:
    """What `dbt_project.yml` and `profiles.yml` read from the environment."""
    return {
        "KUNDBILD_HOME": str(home.root),
        # dbt wants paths below the project; a relative one may lead out of it
        "KUNDBILD_MAPPED_MODELS": os.path.relpath(home.mapped_models, project),
        "KUNDBILD_DBT_TARGET": str(home.dbt_target),
        "KUNDBILD_DBT_THREADS": str(settings.engine.dbt_threads),
        "KUNDBILD_MEMORY_LIMIT": settings.engine.memory_limit,
        "KUNDBILD_THREADS": str(settings.engine.threads),
    }
