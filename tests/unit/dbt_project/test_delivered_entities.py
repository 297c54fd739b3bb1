"""What sources deliver, by what was read of the tables that the configuration makes it of."""

from __future__ import annotations

import re

from tests.unit.compiled import compiled_models
from tests.unit.empty_tables import empty_tables


def test_companies_alone_tell_of_employers_and_are_named_as_their_source(warehouse, tmp_path_factory):
    """A check holds a night in which something is delivered by no source."""
    model = "delivered_entities"
    without_people = re.sub(r"select 'people', '.*", "select null, null, null", compiled_models(tmp_path_factory, [model])[model])  # fmt: skip
    empty_tables(warehouse, "conformed_people")
    warehouse.execute("create schema if not exists ops; create table ops.loads (source varchar, table_name varchar); insert into ops.loads values ('crm', 'companies')")  # fmt: skip
    delivered = warehouse.execute(
        f"select entity, source_systems from ({without_people}) where is_delivered order by 1"
    )
    assert delivered.fetchall() == [("companies", "crm"), ("employers", "crm")]
