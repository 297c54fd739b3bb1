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
            x.value is not null as is_special,
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
            and {{ plain_word("a.question") }} in ({{ asked | join(", ") or "null" }})
    ),
    -- a newer response makes an older one outdated, whatever of it is told
    dated as (
        select
            *,
            -- a question may have several answers in one response
            response = max(response) over (partition by person, question) as is_newest
        from answers
        where answer is not null
    )
select
    d.source_system,
    d.source_key,
    d.customer_id,
    d.person_system,
    d.person_key,
    d.person,
    d.question,
    d.answer,
    d.submitted_at,
    d.is_newest
from dated d
where
    -- a wish is an interest: of none that tells of a special category
    not d.is_special and (d.customer_id is null or {{ is_profiled("d.customer_id") }})
