{#- a question may have quotes in it -#}
{%- set asked = [] -%}
{%- for question in var("insight").wish_questions -%}
    {%- do asked.append(plain_word("'" ~ question | replace("'", "''") ~ "'")) -%}
{%- endfor -%}
with
    answers as (
        select
            a.source_system,
            a.source_key,
            r.customer_id,
            r.person_system,
            r.person_key,
            coalesce(
                r.customer_id, r.person_system || ':' || r.person_key, 'row:' || r.source_system || ':' || r.source_key
            ) as person,
            {{ plain_word("a.question") }} as question,
            {{ plain_word("coalesce(w.shown, a.answer_text)") }} as answer,
            r.submitted_at,
            {{ packed(["r.submitted_at", "r.source_system", "r.source_key"]) }} as response
        from {{ ref("conformed_survey_answers") }} a
        join
            {{ ref("fct_survey_responses") }} r
            on r.source_system = a.source_system
            and r.source_key = a.response_key
            and r.submitted_at <= {{ as_of() }}
        left join {{ source("identity", "shown_values") }} w on not w.is_key and w.value = a.answer_text
        left join {{ source("identity", "special_values") }} x on x.value = a.answer_text
        where
            a.deleted_at is null
            and a.kind = 'choice'
            -- a wish is an interest: of none that tells of a special category
            and x.value is null
            and {{ plain_word("a.question") }} in ({{ asked | join(", ") or "null" }})
    )
select
    a.source_system,
    a.source_key,
    a.customer_id,
    a.person_system,
    a.person_key,
    a.person,
    a.question,
    a.answer,
    a.submitted_at,
    -- a question may have several answers in one response
    a.response = max(a.response) over (partition by a.person, a.question) as is_newest
from answers a
where a.answer is not null and (a.customer_id is null or {{ is_profiled("a.customer_id") }})
