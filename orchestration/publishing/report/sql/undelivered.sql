select
    string_agg(replace(entity, '_', ' '), ', ' order by entity) filter (where is_delivered) as delivered,
    coalesce(string_agg(replace(entity, '_', ' '), ', ' order by entity) filter (where not is_delivered), 'nothing') as not_delivered
from bi.delivered_entities
