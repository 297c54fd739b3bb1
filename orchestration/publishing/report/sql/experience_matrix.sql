-- counts are rounded there by a step below k: at least so many are behind the row
select
    interaction_level as interaction,
    data_use_level as use_of_data,
    customer_count - 4 as people,
    customer_count,
    mean_nps as newest_nps_average,
    nps_count - 4 as newest_nps_average_people,
    next_data_use_step as most_lack
from bi.experience_matrix
where breakdown = 'all'
