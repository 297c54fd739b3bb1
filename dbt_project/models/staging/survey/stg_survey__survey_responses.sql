with
    scored as (
        select
            *,
            {{ answer("answers", "nps") }} as nps,
            {{ answer("answers", "csat") }} as csat,
            {{ answer("answers", "ces") }} as ces
        from {{ source("survey", "responses") }}
    )
select
    response_id as source_key,
    'survey' as person_system,
    respondent_id as person_key,
    survey,
    is_panel,
    {{ as_utc("sent_at") }} as sent_at,
    {{ as_utc("submitted_at") }} as submitted_at,
    nps,
    csat,
    ces,
    {{
        staging_end(
            "survey",
            [
                required(
                    "case when submitted_at is null then "
                    ~ as_utc("sent_at")
                    ~ " else "
                    ~ as_utc("submitted_at")
                    ~ " end",
                    "time",
                ),
                ["nps not between 0 and 10", "NPS is not 0 to 10", "out_of_range"],
                ["csat not between 1 and 5", "CSAT is not 1 to 5", "out_of_range"],
                ["ces not between 1 and 7", "CES is not 1 to 7", "out_of_range"],
            ],
        )
    }}
from scored
