{{ config(materialized="table") }}

select
    e.source_system,
    coalesce(e.campaign_key, 'none') as campaign_key,
    any_value(c.name) as campaign_name,
    any_value(c.purpose) as purpose,
    min(c.sent_at) as sent_at,
    {{ unless_few("count(*) filter (e.kind = 'sent')") }} as sent_count,
    {{ unless_few("count(*) filter (e.kind = 'delivered')") }} as delivered_count,
    {{ unless_few("count(*) filter (e.kind = 'opened')") }} as opened_count,
    {{ unless_few("count(*) filter (e.kind = 'clicked')") }} as clicked_count,
    {{ unless_few("count(*) filter (e.kind = 'bounced')") }} as bounced_count,
    {{ unless_few("count(*) filter (e.kind = 'unsubscribed')") }} as unsubscribed_count,
    {{ unless_few("count(*) filter (e.kind = 'complained')") }} as complained_count
from {{ ref("fct_email_events") }} e
left join {{ ref("conformed_campaigns") }} c on c.source_system = e.source_system and c.source_key = e.campaign_key
group by e.source_system, coalesce(e.campaign_key, 'none')
