"""Public registers as files: reservations against marketing, and the address register's changes.

The reservation registers deliver whole files, whose names tell the version; columns and encodings are declared here as the
registers are known to deliver, and can be declared otherwise in `kundbild.toml`. `reservations` is the house's own shape, for
a register that has none of its own here.
"""

from orchestration.core.settings import CsvDialect, Table
from orchestration.core.settings.people import Person, Retention

_SEMICOLON = CsvDialect(delimiter=";", encoding="latin-1")


def _whole(columns: tuple[str, ...], key: list[str], path: str, csv: CsvDialect) -> Table:
    return Table(
        columns=dict.fromkeys(columns, "VARCHAR"),
        key=key,
        path=path,
        csv=csv,
        optional=True,
        is_whole=True,
        persons=[],  # a reservation stays, whoever is forgotten: without it somebody would be written to
        texts=[],
        retention=Retention(category="register"),
    )


ADDRESSES = Table(
    columns={
        "entry_id": "VARCHAR",
        "given_name": "VARCHAR",
        "family_name": "VARCHAR",
        "birth_date": "VARCHAR",
        "street": "VARCHAR",
        "postal_code": "VARCHAR",
        "city": "VARCHAR",
        "country_code": "VARCHAR",
        "effective_on": "VARCHAR",
        # text: whatever is not a plain no is told (staging), and a word that no boolean has costs nobody the line
        "is_protected": "VARCHAR",
        "is_deceased": "VARCHAR",
    },
    key=["entry_id"],
    path="addresses_*.csv",
    persons=[Person(given_name="given_name", family_name="family_name", birth_date="birth_date")],
    texts=[],
    retention=Retention(category="register", happened_at=["effective_on"], while_known=True),
)

TABLES = {
    "reservations": Table(
        columns={
            "reservation_id": "VARCHAR",
            "register": "VARCHAR",
            "version_on": "DATE",
            "match_value": "VARCHAR",
            "given_name": "VARCHAR",
            "family_name": "VARCHAR",
            "street": "VARCHAR",
            "postal_code": "VARCHAR",
        },
        key=["reservation_id"],
        path="reservations_*.csv",
        optional=True,
        texts=[],
        retention=Retention(category="register", happened_at=["version_on"]),
    ),
    # a number a line, nothing else
    "nix_telefon": _whole(
        ("telefonnummer",),
        ["telefonnummer"],
        "nix_telefon_*.txt",
        CsvDialect(encoding="latin-1", has_header=False),
    ),
    "nix_adresserat": _whole(
        ("fornamn", "efternamn", "adress", "postnummer", "postort"),
        ["fornamn", "efternamn", "adress", "postnummer"],
        "nix_adresserat_*.csv",
        _SEMICOLON,
    ),
    # of each channel J or N; charities are asked about apart
    "reservasjonsregisteret": _whole(
        (
            "fornavn",
            "etternavn",
            "adresse",
            "postnummer",
            "poststed",
            "telefon",
            "telefonsalg",
            "adressert_reklame",
            "humanitaere",
        ),
        ["fornavn", "etternavn", "adresse", "postnummer", "telefon"],
        "reservasjonsregisteret_*.csv",
        CsvDialect(delimiter=";"),
    ),
    "robinson": _whole(
        ("navn", "adresse", "postnr", "by"), ["navn", "adresse", "postnr"], "robinson_*.csv", _SEMICOLON
    ),
    # who has the other registers need not have this one: a check says that nobody is known as protected or dead
    "addresses": ADDRESSES.model_copy(update={"optional": "before_first"}),
}
