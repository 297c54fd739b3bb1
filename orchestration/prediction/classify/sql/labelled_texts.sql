-- every column as text without blanks around it; what tools write where nothing is known is nothing
create or replace temp table texts as
select case when lower(trim(cast(columns(*) as varchar))) in ('', 'na', 'n/a', '#n/a', 'nan', 'null') then null
            else trim(cast(columns(*) as varchar)) end
from {{ table }}
