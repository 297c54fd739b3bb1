with
    {{ categories_of_many("fct_survey_responses", ["survey"]) }},
    {{ flags_of_many("fct_survey_responses", ["is_panel"]) }}
select
    f.source_system,
    {{ shown("source_key") }} as source_key,
    c.customer_key,
    {{ category("survey") }} as survey,
    {{ flag("is_panel") }} as is_panel,
    {{ analyst_time("f.sent_at") }} as sent_at,
    {{ analyst_time("f.submitted_at") }} as submitted_at,
    {{
        with_category(
            "survey",
            "bool_or(f.sent_at is not null and f.submitted_at is null) over (partition by f.source_system, f.survey)",
        )
    }} as is_silence_told,
    f.nps,
    f.csat,
    f.ces
from {{ ref("fct_survey_responses") }} f
left join
    {{ ref("dim_customers") }} c using (customer_id)
    {{ joined_shown(["source_key"], is_key=true) }}
    {{ joined_categories(["survey"]) }}
    {{ joined_of_many(["is_panel"]) }}
