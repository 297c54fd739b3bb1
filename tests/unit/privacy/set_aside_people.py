"""People of whom every record was set aside, beside the two customers of a home. Here: their rows."""

from __future__ import annotations

from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.core.warehouse import open_warehouse
from orchestration.privacy.rights.subjects import Subject
from tests.unit.two_people import asked, build

# each of these has a record that was set aside, and what hangs on it; a line of theirs could not be read, and one beside Bo's:
# by key the name, the address, the number as it stands, and how a request says whom it means
SAID = {
    7: ("Dee", "dee@ek.se", "070-111 22 77", Subject(email="Dee <DEE@ek.se>")),
    11: ("Rut", "rut@fura.se", "070-245 81 60", Subject(source_record="crm:11.0")),
    12: ("Tea", "tea@gran.se", "070-638 09 14", Subject(phone="+46 (0)70-638 09 14")),
}
BY = [subject for *_, subject in SAID.values()]
EVE = Subject(email="eve@ek.se")
# Fay and Gus have one address, both set aside. Of Eve there is a line alone. Bo's address, on a record of nobody's
SET_ASIDE = """
insert into raw_crm.contacts by name select * from (values
    (8, 'Fay', null, 'home@ek.se', null, null), (9, 'Gus', null, 'home@ek.se', null, null), (10, 'Bo', null, 'bo@dahl.se', null, null)
) t(contact_id, first_name, last_name, email_address, mobile, country), (select 1 as _load_id, timestamp '2026-05-01' as _extracted_at);
insert into raw_crm.consents by name select 72 as consent_id, 2 as contact_id, 'granted' as status,
    'bo@dahl.se' as contact_point, 1 as _load_id, timestamp '2026-05-01' as _extracted_at;
insert into quarantine.quarantined_rows (source_system, entity, source_key, reason, load_id)
    select 'crm', 'people', unnest(['8', '9', '10']), 'the name is missing', 1;
insert into quarantine.rejected_rows (load_id, source, table_name, reason, content) values
    (1, 'crm', 'contacts', 'broken', '77;eve@ek.se;'), (1, 'crm', 'contacts', 'broken', '{"contact_id": 70, "x": "?"}');
""" + "".join(
    f"""
insert into raw_crm.contacts by name select {key} as contact_id, '{name}' as first_name, '{email.title()}' as email_address,
    '{number}' as mobile, 'SE' as country, 1 as _load_id, timestamp '2026-05-01' as _extracted_at;
insert into raw_crm.cases by name select {key}0 as case_id, {key} as contact_id, 1 as _load_id, timestamp '2026-05-01' as _extracted_at;
insert into raw_crm.consents by name select {key}1 as consent_id, 'granted' as status, '{email.upper()}' as contact_point,
    1 as _load_id, timestamp '2026-05-01' as _extracted_at;
insert into quarantine.quarantined_rows (source_system, entity, source_key, reason, load_id) values ('crm', 'people', '{key}', 'the name is missing', 1);
insert into quarantine.rejected_rows (load_id, source, table_name, reason, content) values
    (1, 'crm', 'contacts', 'broken', '{key};{email};x'), (1, 'crm', 'contacts', 'broken', '{email};bo@dahl.se');
"""
    for key, (name, email, number, _) in SAID.items()
)


def build_set_aside(home: Home, warehouse, resolve, settings: Settings) -> dict[str, str]:
    """The home of two people (two_people.py), with these beside them. Returns the customers' ids by key."""
    found = build(home, warehouse, resolve, settings)
    with open_warehouse(home, settings.engine) as con:
        con.execute(SET_ASIDE)
        con.execute("alter table conformed.conformed_people add column if not exists deleted_at timestamp")
        con.execute("alter table conformed.conformed_people add column if not exists gender varchar")
    return found


def contacts(home) -> list[int]:
    return [key for (key,) in asked(home, "select contact_id from raw_crm.contacts order by 1")]
