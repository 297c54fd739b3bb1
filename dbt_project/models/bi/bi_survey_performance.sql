{{ config(materialized="table") }}

{%- set parts = ["answered", "nps", "csat", "ces"] %}
{%- set scores = {"net_promoter_score": "nps", "mean_csat": "csat", "mean_ces": "ces"} %}
{%- set summed = [
    "sent_count",
    "sent_answered_count",
    "promoter_count",
    "detractor_count",
    "answered_count",
    "nps_count",
    "csat_count",
    "ces_count",
] %}
with
    -- a survey that few people were asked may be named after somebody
    named as (
        select
            *,
            case
                when max(people_count) over (partition by survey) < {{ var("min_people") }}
                then {{ lumped() }}
                else survey
            end as name
        from {{ ref("survey_performance") }}
    ),
    -- somebody may be in several rows: no more people are told of than of the largest
    cells as (
        select
            name,
            moment,
            count(*) as cells,
            max(people_count) as people,
            sum(asked_count) as asked_count,
            {% for each in summed %} sum({{ each }}) as {{ each }}, {% endfor %}
            {% for each in scores %} max({{ each }}) as {{ each }}, {% endfor %}
            {% for part in parts %}
                max({{ part }}_people_count) as {{ part }}_people {{- "," if not loop.last }}
            {% endfor %}
        from named
        group by 1, 2
    ),
    marked as (select *, {{ is_lumped(["name"], ["moment"]) }} as is_lumped from cells),
    told as (
        select
            name as survey,
            case when is_lumped then {{ lumped() }} else moment end as moment,
            sum(cells) = 1 and not bool_or(is_lumped) as is_one,
            max(people) as people,
            cast(sum(asked_count) as bigint) as asked_count,
            {% for each in summed %} sum({{ each }}) as {{ each }}, {% endfor %}
            {% for each in scores %} max({{ each }}) as {{ each }}, {% endfor %}
            {% for part in parts %} max({{ part }}_people) as {{ part }}_people {{- "," if not loop.last }} {% endfor %}
        from marked
        group by 1, 2
    )
select
    survey,
    moment,
    case when is_one then {{ unless_few("people") }} end as people_count,
    -- where no cell is of enough people, neither is their sum for certain
    case when not {{ is_few("people") }} then asked_count end as asked_count,
    -- rounded: moments subtracted from all answers would tell of few
    {%- for part in parts %}
        case when not {{ is_few(part ~ "_people") }} then {{ rounded(part ~ "_count") }} end as {{ part }}_count,
    {%- endfor %}
    {%- for part in ["nps", "csat"] %} {{ rounded(part ~ "_people") }} as {{ part }}_people_count, {%- endfor %}
    {%- set enough = "answered_people >= " ~ var("min_people") %}
    -- the few surveys of a company are no sample, and scores are told by how many gave one, whatever they gave
    case
        when {{ enough }} and not {{ is_few("asked_count - answered_count") }}
        then {{ share_unless_few("sent_answered_count", "sent_count") }}
    end as response_share,
    {%- for part in ["promoter", "detractor"] %}
        case when nps_people >= {{ var("min_people") }} then {{ rounded(part ~ "_count") }} end as {{ part }}_count,
    {%- endfor %}
    {%- for score, part in scores.items() %}
        case
            when is_one and {{ part }}_people >= {{ var("min_people") }}
            then round({{ score }}, {{ 0 if part == "nps" else 1 }})
        end as {{ score }} {{- "," if not loop.last }}
    {%- endfor %}
from told
