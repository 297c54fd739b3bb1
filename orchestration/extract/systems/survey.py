"""The demo's survey tool: JSON Lines, the answers nested in each response."""

from orchestration.core.settings import Table
from orchestration.core.settings.people import Person, Retention

_ANSWERS = "STRUCT(question VARCHAR, kind VARCHAR, value VARCHAR)[]"

TABLES = {
    "respondents": Table(
        columns={
            "respondent_id": "VARCHAR",
            "email": "VARCHAR",
            "first_name": "VARCHAR",
            "last_name": "VARCHAR",
            "country": "VARCHAR",
            "is_panel_member": "BOOLEAN",
            "created_at": "VARCHAR",
            "updated_at": "VARCHAR",
        },
        key=["respondent_id"],
        cursor="updated_at",
        path="respondents_*.jsonl",
        persons=[Person(key="respondent_id", email=["email"], given_name="first_name", family_name="last_name")],
        texts=[],
        retention=Retention(category="identity", happened_at=["created_at", "updated_at"]),
    ),
    "responses": Table(
        columns={
            "response_id": "VARCHAR",
            "survey": "VARCHAR",
            "is_panel": "BOOLEAN",
            "respondent_id": "VARCHAR",
            "sent_at": "VARCHAR",
            "submitted_at": "VARCHAR",
            "answers": _ANSWERS,
        },
        key=["response_id"],
        path="responses_*.jsonl",
        persons=[Person(key="respondent_id")],
        texts=["answers.value"],
        questions={"answers.question": "answers.value"},
        retention=Retention(category="survey", happened_at=["sent_at", "submitted_at"]),
    ),
}
