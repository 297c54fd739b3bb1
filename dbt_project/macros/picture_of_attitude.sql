{#- CTEs of customer_360, of one row a customer: answers, reviews, their own words and wishes. -#}
{% macro picture_of_attitude() -%}
    surveys as (
        select
            customer_id,
            count(*) filter (submitted_at is not null) as survey_response_count,
            max(submitted_at) as last_answered_at
            {%- for score in ("nps", "csat", "ces") %}
                ,
                {{ latest(score, packed(["submitted_at", "source_system", "source_key"])) }} filter (
                    {{ score }} is not null
                ) as last_{{ score }},
                avg({{ score }}) as mean_{{ score }},
                sum({{ score }}) as {{ score }}_sum,
                count({{ score }}) as {{ score }}_count
            {%- endfor %}
        from {{ ref("fct_survey_responses") }}
        where customer_id is not null and {{ has_come("submitted_at") }}
        group by customer_id
    ),
    reviews as (
        select s.customer_id, count(*) as review_count, avg(e.rating) as mean_rating
        from {{ ref("conformed_reviews") }} e {{ join_customer() }}
        where s.customer_id is not null and e.deleted_at is null and {{ has_come("e.reviewed_at") }}
        group by s.customer_id
    ),
    -- the customer's own words; who may not be profiled has none there
    feedback as (
        select
            customer_id,
            count(distinct packed_key) as feedback_count,
            {{ latest("sentiment", packed(["written_at", "source_system", "source_key"])) }} as last_sentiment,
            {{ listed_once("theme") }} as feedback_themes
        from
            (
                select
                    customer_id,
                    kind || ':' || source_system || ':' || source_key as packed_key,
                    nullif(theme, 'none') as theme,
                    sentiment,
                    written_at,
                    source_system,
                    source_key
                from {{ ref("feedback_texts") }}
                where customer_id is not null
            )
        group by customer_id
    ),
    preferences as (
        select customer_id, {{ listed_once("question || ': ' || answer") }} as stated_preferences
        from {{ ref("stated_wishes") }}
        where is_newest and customer_id is not null
        group by customer_id
    )
{%- endmacro %}
