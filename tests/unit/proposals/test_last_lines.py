"""What `add-source` makes of last lines that are no rows, beside statements: no condition, for a no could fail it."""

from __future__ import annotations

import pytest

from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.proposals.propose import propose
from tests.unit.mapped import models_of, set_clock_and_retention
from tests.unit.proposals.blocks import settings_of

PRINTED = "Utskrivet 2025-12-31 10:00"
PEOPLE = "Kundnr;Namn;E-post;Nyhetsbrev;Nyhetsbrev datum;Skapad\n1;Åsa Berg;a@example.com;Nej;2025-01-01;2020-01-01\n2;Bo Ek;b@example.com;Ja;2025-01-02;2020-01-02\n3;Eva Ek;c@example.com;Ja;2025-01-03;2020-01-03\n"


@pytest.mark.parametrize(
    ("name", "content", "entity", "who", "refusing", "people"),
    [
        ("kunder", f"{PEOPLE}{PRINTED};;;;;\n", "consent_events", "person_key", ["1"], 3),
        ("kunder", f"{PEOPLE};Totalt;;;;\n", "consent_events", "person_key", ["1"], 3),
        ("samtycken", f"Kundnr;E-post;Ändamål;Kanal;Samtycke;Datum\n1;a@example.com;newsletter;email;Nej;2025-01-01\n2;b@example.com;newsletter;email;Ja;2025-01-02\n{PRINTED};;;;;\n",
         "consent_events", "person_key", ["1"], 2),
        ("email_events", "event_id,email,event,occurred_at\n1,a@example.com,sent,2025-01-01 10:00:00\n2,b@example.com,unsubscribed,2025-01-02 10:00:00\nExported 2025-12-31 10:00,,,\n",
         "email_events", "contact_point", ["b@example.com"], None),
        # of most rows nothing but the address is known
        ("nixlista", f"E-post;Namn;Datum\na@example.com;Åsa Berg;2025-01-01\nb@example.com;;\nc@example.com;;\n{PRINTED};;\n",
         "consent_events", "contact_point", ["a@example.com", "b@example.com", "c@example.com"], 3),
    ],
)  # fmt: skip
def test_a_list_with_a_line_at_its_end_loads_and_each_no_of_it_denies(
    home, tmp_path, warehouse, name, content, entity, who, refusing, people
):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / f"{name}.csv").write_text(content)
    settings = settings_of(propose("shop", str(folder), "SEK"))
    prepare_raw(warehouse, settings)
    extract_source(warehouse, home, settings, "shop")
    set_clock_and_retention(warehouse)
    models = models_of(settings.sources["shop"].tables, ("",))
    said = "kind = 'unsubscribed'" if entity == "email_events" else "status = 'withdrawn'"
    sql = f"select distinct {who} from ({models[entity][0]}) where quarantine_code is null and {said} order by 1"
    # on a list of refusals the line is one of nobody
    assert [value for (value,) in warehouse.execute(sql).fetchall() if value != PRINTED] == refusing
    if people is not None:
        counted = f"select count(*) from ({models['people'][0]}) where quarantine_code is null"
        assert warehouse.execute(counted).fetchall() == [(people,)]
