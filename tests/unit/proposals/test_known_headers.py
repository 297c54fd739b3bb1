"""A header that is known as a vendor's is one, whatever stands below it."""

from __future__ import annotations

import pytest

from orchestration.proposals.dialects import sniffed
from orchestration.proposals.propose import propose


def test_labels_below_a_known_header_are_no_reason_to_doubt_it(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text('Name,Progress,Finished\nYour name,Progress,Finished\nAnna,100,"True"\n')
    assert sniffed(path).header == ("column_1", "column_2", "column_3")
    assert sniffed(path, lambda names: names == ["Name", "Progress", "Finished"]).header == (
        "Name",
        "Progress",
        "Finished",
    )


@pytest.mark.parametrize(
    ("file", "header", "told"),
    [
        ("orders-export.csv", "order_id,order_number,date,status,order_total,order_currency,customer_id,billing_email", "looks like the orders of woocommerce (export), but lacks order_date"),
        ("Subscribers.csv", "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,LAST_CHANGED,LEID", "for subscribed call it subscribed_*"),
        ("orders.csv", "order_id,customer_id,order_date,status,total", ""),
    ],
)  # fmt: skip
def test_what_a_file_misses_to_be_a_vendors_is_told(file, header, told):
    from orchestration.proposals.recognised import looks_like

    found = looks_like(header.split(","), [file])
    assert told in found and bool(told) == bool(found)


@pytest.mark.parametrize(
    ("more", "told"),
    [("Contact owner", "Create Date (GMT+1): not read"), ("Owner", "Create Date (GMT+1): the name says a time zone, and times are read as UTC")],
)  # fmt: skip
def test_a_time_zone_in_a_name_is_told_with_what_to_write(tmp_path, more, told):
    rows = [f"{n},Per,Ek{n},p{n}@example.com,Bo,2026-01-0{n} 10:00" for n in range(1, 9)]
    header = f"Record ID,First Name,Last Name,Email,{more},Create Date (GMT+1)"
    (tmp_path / "contacts.csv").write_text("\n".join([header, *rows]))
    found = propose("crm", str(tmp_path), "SEK")
    assert any(told in note and 'timezone = "Etc/GMT-1"' in note for note in found.notes), found.notes
    assert more == "Contact owner" or found.tables[0].maps[0].of("created_at").columns == ("Create Date (GMT+1)",)
