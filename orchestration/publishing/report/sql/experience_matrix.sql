-- counts are rounded there to the nearest multiple of min_people. Below 10, half of one is at most 4, so at least so many are
-- behind the row; from 10 on it is k, and counts below it are not there
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
