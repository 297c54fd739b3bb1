{{ config(materialized="table") }}

with
    -- people, not events: who opened a message ten times is one
    counted as (
        select
            f.source_system,
            coalesce(f.campaign_key, 'none') as campaign_key,
            {%- for kind in ["sent", "delivered", "opened", "clicked", "bounced", "unsubscribed", "complained"] %}
                count(distinct {{ person_of_email("f.customer_id") }}) filter (f.kind = '{{ kind }}') as {{ kind }}
                {{- "," if not loop.last }}
            {%- endfor %}
        from {{ ref("fct_email_events") }} f
        left join
            {{ ref("conformed_email_events") }} e
            on f.customer_id is null
            and e.source_system = f.source_system
            and e.source_key = f.source_key
        group by 1, 2
    )
select
    n.source_system,
    n.campaign_key,
    c.name as campaign_name,
    c.purpose,
    c.sent_at,
    -- sent less delivered would tell how few bounced
    case
        when not {{ is_few("n.bounced") }} and not {{ is_few("abs(n.sent - n.delivered)") }}
        then {{ unless_few("n.sent") }}
    end as sent_count,
    {{ unless_few("n.delivered") }} as delivered_count,
    {{ unless_few("n.opened") }} as opened_count,
    {{ unless_few("n.clicked") }} as clicked_count,
    {{ unless_few("n.bounced") }} as bounced_count,
    {{ unless_few("n.unsubscribed") }} as unsubscribed_count,
    {{ unless_few("n.complained") }} as complained_count
from counted n
left join {{ ref("conformed_campaigns") }} c on c.source_system = n.source_system and c.source_key = n.campaign_key
