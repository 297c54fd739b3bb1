with
    written as (
        select
            'review' as kind,
            e.source_system,
            e.source_key,
            e.person_system,
            e.person_key,
            s.customer_id,
            e.reviewed_at as written_at,
            e.review_text as text
        from {{ ref("conformed_reviews") }} e {{ join_customer() }}
        where e.deleted_at is null and {{ is_of_somebody_free() }} and coalesce(e.reviewed_at <= {{ as_of() }}, false)
        union all
        select
            'survey answer',
            a.source_system,
            a.source_key,
            r.person_system,
            r.person_key,
            r.customer_id,
            r.submitted_at,
            a.answer_text
        from {{ ref("conformed_survey_answers") }} a
        join
            {{ ref("fct_survey_responses") }} r
            on r.source_system = a.source_system
            and r.source_key = a.response_key
            and r.submitted_at <= {{ as_of() }}
        where a.deleted_at is null and a.kind = 'text'
    ),
    -- a sentiment is an inference
    allowed as (
        select *
        from written w
        where {{ plain_word("w.text") }} is not null and (w.customer_id is null or {{ is_profiled("w.customer_id") }})
    ),
    texts as (select text, row_number() over (order by text) as text_id from (select distinct text from allowed)),
    {{ judged_texts() }}
select
    a.kind,
    a.source_system,
    a.source_key,
    coalesce(b.theme, 'none') as theme,
    a.customer_id,
    a.person_system,
    a.person_key,
    a.written_at,
    j.language,
    coalesce(j.sentiment, 'neutral') as sentiment,
    cast(coalesce(j.score, 0) as bigint) as score
from allowed a
join texts t on t.text = a.text
left join judged j on j.text_id = t.text_id
left join about b on b.text_id = t.text_id
