"""A header that is known as a vendor's is one, whatever stands below it."""

from __future__ import annotations

from orchestration.proposals.dialects import sniffed


def test_labels_below_a_known_header_are_no_reason_to_doubt_it(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text('Name,Progress,Finished\nYour name,Progress,Finished\nAnna,100,"True"\n')
    assert sniffed(path).header == ("column_1", "column_2", "column_3")
    assert sniffed(path, lambda names: names == ["Name", "Progress", "Finished"]).header == (
        "Name",
        "Progress",
        "Finished",
    )
