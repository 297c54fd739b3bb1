{{ config(materialized="table") }}

with
    {%- set kinds = ["sent", "delivered", "opened", "clicked", "bounced", "unsubscribed", "complained"] %}
    -- people, not events: who opened a message ten times is one
    people as (
        select
            f.source_system,
            coalesce(f.campaign_key, 'none') as campaign_key,
            {{ person_of_email("f.customer_id") }} as person,
            {%- for kind in kinds %} bool_or(f.kind = '{{ kind }}') as {{ kind }}, {%- endfor %}
            {{ is_read("f") }} as read
        from {{ ref("fct_email_events") }} f
        left join
            {{ ref("conformed_email_events") }} e
            on f.customer_id is null
            and e.source_system = f.source_system
            and e.source_key = f.source_key
        group by 1, 2, 3
    ),
    counted as (
        select
            source_system,
            campaign_key,
            {%- for kind in kinds + ["read"] %}
                count(person) filter ({{ kind }}) as {{ kind }} {{- "," if not loop.last }}
            {%- endfor %}
        from people
        group by 1, 2
    )
select
    n.source_system,
    {{ shown("campaign_key", of="n") }} as campaign_key,
    {{ shown("name", of="c") }} as campaign_name,
    {{ shown("purpose", of="c") }} as purpose,
    c.sent_at,
    -- sent less delivered would tell how few bounced
    case
        when not {{ is_few("n.bounced") }} and not {{ is_few("abs(n.sent - n.delivered)") }}
        then {{ unless_few("n.sent") }}
    end as sent_count,
    {{ unless_few("n.delivered") }} as delivered_count,
    -- nor may the difference to a count that holds them tell of few: who did not open, or opened and did not click
    case when n.is_opened_shown then n.opened end as opened_count,
    {%- for kind in ["clicked", "bounced", "unsubscribed", "complained"] %}
        case
            when
                {%- if kind == "bounced" %} not {{ is_few("abs(n.sent - n.bounced)") }}
                {%- else %}
                    not {{ is_few("abs(n.delivered - n." ~ kind ~ ")") }}
                    and not (n.is_opened_shown and {{ is_few("abs(n.opened - n." ~ kind ~ ")") }})
                {%- endif %}
            then {{ unless_few("n." ~ kind) }}
        end as {{ kind }}_count,
    {%- endfor %}
    case when n.is_read_shown then n.read end as read_count
from
    -- of what is read and what is opened the latter is hidden where the two together tell of few: programs are in it
    (
        select
            *,
            not {{ is_few("opened") }}
            and not {{ is_few("abs(delivered - opened)") }}
            and not (is_read_shown and {{ is_few("abs(opened - read)") }}) as is_opened_shown
        from
            (
                select
                    *,
                    not {{ is_few("read") }}
                    and not {{ is_few("abs(delivered - read)") }}
                    and not {{ is_few("abs(read - clicked)") }} as is_read_shown
                from counted
            ) c
    ) n
left join
    {{ ref("conformed_campaigns") }} c on c.source_system = n.source_system and c.source_key = n.campaign_key
    {{ joined_shown(["campaign_key"], is_key=true, of="n") }}
    {{ joined_shown(["name", "purpose"], of="c") }}
