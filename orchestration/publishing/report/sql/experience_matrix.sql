select
    interaction_level as interaction,
    data_use_level as use_of_data,
    customer_count as people_rounded,
    customer_count as customer_count_rounded,
    mean_nps as newest_nps_average,
    nps_count as newest_nps_average_people_rounded,
    next_data_use_step as most_lack
from bi.experience_matrix
where breakdown = 'all'
