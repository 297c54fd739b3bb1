with
    texts as (
        select
            kind,
            theme,
            sentiment,
            source_system || ':' || source_key as text_key,
            coalesce(
                customer_id, person_system || ':' || person_key, 'row:' || source_system || ':' || source_key
            ) as person
        from {{ ref("feedback_texts") }}
    ),
    cells as (
        select kind, theme, text_key, person, sentiment
        from texts
        union all
        -- a text of several themes counts once among all
        select distinct kind, 'all', text_key, person, sentiment
        from texts
    )
select
    kind,
    theme,
    count(distinct person) as people_count,
    count(*) as text_count,
    {%- for sentiment in ["positive", "neutral", "negative"] %}
        count(*) filter (sentiment = '{{ sentiment }}') as {{ sentiment }}_count,
    {%- endfor %}
    (count(*) filter (sentiment = 'positive') - count(*) filter (sentiment = 'negative'))
    / cast(count(*) as double) as net_sentiment
from cells
group by kind, theme
