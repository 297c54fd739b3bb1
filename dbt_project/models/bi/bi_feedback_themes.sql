{{ config(materialized="table") }}

with
    cells as (select *, people_count as people, theme = 'all' as is_total from {{ ref("feedback_themes") }}),
    marked as (select *, {{ is_lumped(["kind", "is_total"], ["theme"]) }} as is_lumped from cells),
    told as (
        select
            kind,
            is_total,
            case when is_lumped and not is_total then {{ lumped() }} else theme end as theme,
            bool_or(is_lumped) as is_lumped,
            {%- for sentiment in ["positive", "neutral", "negative"] %}
                sum({{ sentiment }}_count) as {{ sentiment }}_count,
            {%- endfor %}
            -- somebody may write of several themes: no more people are told of than of the largest
            max(people_count) as people_count,
            sum(text_count) as text_count
        from marked
        group by 1, 2, 3
    )
-- rounded: themes subtracted from all, or sentiments from each other, would tell of few
select
    kind,
    theme,
    case when not is_lumped then {{ rounded("people_count") }} end as people_count,
    {%- for count in ["text", "positive", "neutral", "negative"] %}
        case when people_count >= {{ var("min_people") }} then {{ rounded(count ~ "_count") }} end as {{ count }}_count,
    {%- endfor %}
    case
        when people_count >= {{ var("min_people") }}
        then round((positive_count - negative_count) / cast(text_count as double), 1)
    end as net_sentiment
from told
