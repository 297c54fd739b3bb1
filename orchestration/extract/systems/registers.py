"""Public registers as files: reservations against marketing, and the address register's changes."""

from orchestration.settings import Person, Retention, Table

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
        texts=[],
        retention=Retention(category="register", happened_at=["version_on"]),
    ),
    "addresses": Table(
        columns={
            "entry_id": "VARCHAR",
            "given_name": "VARCHAR",
            "family_name": "VARCHAR",
            "birth_date": "DATE",
            "street": "VARCHAR",
            "postal_code": "VARCHAR",
            "city": "VARCHAR",
            "country_code": "VARCHAR",
            "effective_on": "DATE",
            "is_protected": "BOOLEAN",
            "is_deceased": "BOOLEAN",
        },
        key=["entry_id"],
        path="addresses_*.csv",
        persons=[Person(given_name="given_name", family_name="family_name", birth_date="birth_date")],
        texts=[],
        retention=Retention(category="register", happened_at=["effective_on"], while_known=True),
    ),
}
