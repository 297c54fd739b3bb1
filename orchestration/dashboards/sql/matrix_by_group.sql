select
    breakdown as scheme,
    value as segment,
    interaction_level as interaction,
    data_use_level as use_of_data,
    customer_count as people_rounded,
    customer_count as customer_count_rounded,
    next_interaction_step as interaction_lacks,
    next_data_use_step as use_of_data_lacks
from bi.experience_matrix
where breakdown <> 'all'
