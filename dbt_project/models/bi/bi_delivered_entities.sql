select entity, is_delivered, source_systems from {{ ref("delivered_entities") }}
