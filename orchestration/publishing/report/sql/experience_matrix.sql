select
    interaction_level as interaction,
    data_use_level as use_of_data,
    customer_count as people_rounded,
    customer_count as customer_count_rounded,
    mean_nps as newest_nps_average,
    nps_count as newest_nps_average_people_rounded,
    nullif(nps_count * least(10 - mean_nps, mean_nps), 0) - {{ rounded_by }} as newest_nps_average_rest,
    next_data_use_step as most_lack,
    (
        select string_agg(k.kind, ', ' order by k.place)
        from
            (
                values
                (1, 'ordered', ['orders']), (2, 'visited', ['web_sessions']), (3, 'clicked', ['email_events']),
                (4, 'used', ['usage_events', 'subscriptions']), (5, 'reading', ['email_events']), (6, 'known interest', ['orders'])
            ) k(place, kind, entities)
        where (select not bool_or(d.is_delivered) from bi.delivered_entities d where list_contains(k.entities, d.entity))
    ) as no_source_for
from bi.experience_matrix
where breakdown = 'all'
