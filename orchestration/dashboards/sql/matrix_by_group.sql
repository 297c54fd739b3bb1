-- counts of people are rounded there to the nearest multiple of min_people: at least so many less four are behind a row
select
    breakdown as scheme,
    value as segment,
    interaction_level as interaction,
    data_use_level as use_of_data,
    customer_count - 4 as people,
    customer_count,
    next_interaction_step as interaction_lacks,
    next_data_use_step as use_of_data_lacks
from bi.experience_matrix
where breakdown <> 'all'
