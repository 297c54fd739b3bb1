"""Files of the public registers: whole, of a known format and encoding, or not taken for what they are not."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source
from orchestration.demo.server import serving
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.systems import complete_sources

NORWEGIAN = "fornavn;etternavn;adresse;postnummer;poststed;telefon;telefonsalg;adressert_reklame;humanitaere\n"


@pytest.fixture
def deliver(home, warehouse, tmp_path):
    """Delivers files of the source `registers`, each as bytes by its name, and extracts one of its tables."""
    folder = tmp_path / "registers"
    folder.mkdir()
    sources = {"registers": Source(connector="files", url=str(folder))}
    settings = complete_sources(Settings(company="T", sources=sources), Path("kundbild.toml"), "")
    prepare_raw(warehouse, settings)
    warehouse.execute("create view standing as select * from raw_registers.nix_telefon where _deleted_at is null")

    def go(table: str = "nix_telefon", **files: bytes):
        for name, content in files.items():
            kind = "txt" if table == "nix_telefon" else "csv"
            (folder / f"{name.replace('__', '-')}.{kind}").write_bytes(content)
        with_address = folder / "addresses_2026-01-01.csv"
        if not with_address.exists():
            with_address.write_text("entry_id,given_name,family_name,birth_date,street,postal_code,city,country_code,effective_on,is_protected,is_deceased\n")  # fmt: skip
        return extract_source(warehouse, home, settings, "registers", tables=[table])[table]

    return go


def numbers(warehouse) -> list[str]:
    return [row[0] for row in warehouse.execute("select telefonnummer from standing order by 1").fetchall()]


def test_a_file_of_numbers_alone_is_the_whole_register(deliver, warehouse):
    deliver(nix_telefon_2026__01__01=b"0701112233\r\n0812345678\r\n")
    assert numbers(warehouse) == ["0701112233", "0812345678"]
    counts = deliver(nix_telefon_2026__02__01=b"0812345678\n0705554433\n")
    assert (counts.inserted, counts.unchanged, counts.deleted) == (1, 1, 1)
    assert numbers(warehouse) == ["0705554433", "0812345678"]
    # who is back is back; two versions in one night: the newest is the whole
    deliver(nix_telefon_2026__03__01=b"0000000001\n0701112233\n", nix_telefon_2026__04__01=b"0701112233\n")
    assert numbers(warehouse) == ["0701112233"]


def test_two_versions_of_the_first_night_are_not_both_the_register(deliver, warehouse):
    deliver(nix_telefon_2026__01__01=b"0701112233\n0812345678\n", nix_telefon_2026__02__01=b"0812345678\n")
    assert numbers(warehouse) == ["0812345678"]


def test_entries_with_parts_missing_stand_by_what_they_have(deliver, warehouse):
    first = "Åse;Berg;Storgata 1;0155;Oslo;;J;J;N\n;;;;;90123456;J;N;N\n"
    deliver("reservasjonsregisteret", reservasjonsregisteret_20260101=(NORWEGIAN + first).encode())
    counts = deliver("reservasjonsregisteret", reservasjonsregisteret_20260201=(NORWEGIAN + first).encode() + b"\n")
    assert (counts.unchanged, counts.deleted) == (2, 0)
    rows = "select fornavn, telefon from raw_registers.reservasjonsregisteret where _deleted_at is null order by 1"
    assert warehouse.execute(rows).fetchall() == [("Åse", None), (None, "90123456")]


@pytest.mark.parametrize(
    ("table", "content", "says"),
    [
        ("reservasjonsregisteret", b"navn;adresse\nBerg;Storgata 1\n", "fornavn, etternavn, postnummer"),
        ("reservasjonsregisteret", (NORWEGIAN + "Åse;Bjørn;Øvre 1;0155;Oslo;;J;J;N\n").encode("latin-1"), "LATIN-1, not utf-8"),
        ("nix_adresserat", "fornamn;efternamn;adress;postnummer;postort\nÅsa;Öberg;Ågatan 1;11122;Umeå\n".encode(), "UTF-8, not latin-1"),
        ("robinson", b"navn,adresse,postnr,by\nEva Dam,Gade 1,8000,Aarhus\n", "seems to be by ','"),
        ("nix_telefon", b"0701112233,2026-01-01\n", "a line has 2 fields, not the 1"),
        ("nix_telefon", b"", "the file is empty"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_should_be_is_refused_and_the_last_one_stands(
    deliver, warehouse, table, content, says
):
    deliver(nix_telefon_2026__01__01=b"0701112233\n")
    with pytest.raises(SourceError, match=says):
        deliver(table, **{f"{table}_2026__02__01": content})
    assert numbers(warehouse) == ["0701112233"]
    failed = warehouse.execute("select is_ok from ops.source_status where source = 'registers'").fetchall()
    assert failed == [(False,)]


def test_a_file_without_its_header_is_refused_and_no_row_of_it_is_told(deliver):
    with pytest.raises(SourceError, match="is the header missing") as caught:
        deliver(
            "reservasjonsregisteret", reservasjonsregisteret_20260101="Åse;Berg;Storgata 1;0155;Oslo;;J;J;N\n".encode()
        )
    assert "Berg" not in str(caught.value) and "Storgata" not in str(caught.value)


def test_a_file_that_ends_within_a_letter_is_read(deliver, warehouse):
    line, edge = "Åse;Berg;Storgata 1;0155;Oslo;;J;J;N\n", 64 * 1024
    padded = ((NORWEGIAN + line.replace("Oslo", "O" * n) + line * 4000).encode() for n in range(1, 60))
    # the first byte of a letter is the last that is looked at
    content = next(found for found in padded if found[edge - 1] == 0xC3)
    deliver("reservasjonsregisteret", reservasjonsregisteret_20260101=content)
    assert warehouse.execute("select count(*) from raw_registers.reservasjonsregisteret").fetchall() == [(1,)]


def test_the_address_register_is_one_table_by_file_and_by_its_api(home, warehouse, tmp_path):
    entries = [
        {"entry_id": "A1", "given_name": "Åsa", "family_name": "Berg", "birth_date": "1980-05-05", "street": "Nya gatan 2", "postal_code": "11122",
         "city": "Umeå", "country_code": "SE", "effective_on": "2026-05-01", "is_protected": False, "is_deceased": False},
        {"entry_id": "A2", "given_name": "Bo", "family_name": "Dahl", "birth_date": "1950-01-01", "street": None, "postal_code": None,
         "city": None, "country_code": "SE", "effective_on": "2026-05-02", "is_protected": True, "is_deceased": False},
    ]  # fmt: skip
    folder = tmp_path / "files"
    folder.mkdir()

    def deliver(day: str, rows: list[dict]) -> None:
        with (folder / f"addresses_{day}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, entries[0])
            writer.writeheader()
            writer.writerows({k: json.dumps(v) if isinstance(v, bool) else v for k, v in e.items()} for e in rows)

    deliver("2026-05-03", entries)
    pages = tmp_path / "api" / "addresses"
    pages.mkdir(parents=True)

    def page(night: int, rows: list[dict]) -> None:
        (pages / f"{night:03d}-00001.json").write_text(json.dumps({"data": rows}))
        latest = max(row["effective_on"] for row in rows)
        said = {"night": night, "rows": len(rows), "pages": 1, "latest": latest}
        (pages / f"index-{night:03d}.json").write_text(json.dumps(said))

    def extract(source: Source) -> list[tuple]:
        settings = complete_sources(Settings(company="T", sources={"spar": source}), Path("kundbild.toml"), "")
        prepare_raw(warehouse, settings)
        extract_source(warehouse, home, settings, "spar")
        columns = ", ".join(entries[0])
        return warehouse.execute(f"select {columns} from raw_spar.addresses order by entry_id").fetchall()

    by_file = extract(Source(connector="files", url=str(folder)))
    assert len(by_file) == 2
    # a protected identity that is entered later counts, however old its date is
    deliver("2026-05-04", [entries[0] | {"effective_on": "2026-01-01", "is_protected": True}])
    protected = [row[-2] for row in extract(Source(connector="files", url=str(folder)))]
    assert [str(value).lower() for value in protected] == ["true", "true"]
    warehouse.execute("delete from raw_spar.addresses")
    page(1, entries)
    with serving(pages.parent, "register-token") as url:
        by_api = Source(connector="rest", url=url, token="register-token")
        assert extract(by_api) == by_file
        # of later changes alone, the newest wins; one that is older than what is known changes nothing
        page(2, [entries[0] | {"street": "Nyaste gatan 3", "effective_on": "2026-06-01"}])
        page(3, [entries[0] | {"street": "Gamla gatan 1", "effective_on": "2020-01-01"}])
        assert [row[4] for row in extract(by_api)] == ["Nyaste gatan 3", None]
        with pytest.raises(SourceError, match="401"):
            extract(Source(connector="rest", url=url, token="another"))
