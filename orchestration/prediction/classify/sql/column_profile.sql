-- what one column of texts holds
select
    count({{ column }}) as filled,
    count(*) filter ({{ is_number }}) as numbers,
    count(*) filter (({{ number }}) = trunc({{ number }})) as whole,
    count(*) filter (length({{ column }}) >= 8 and try_cast({{ column }} as timestamp) is not null) as dates,
    count(distinct {{ column }}) as different,
    min({{ number }}) as low,
    max({{ number }}) as high
from texts
