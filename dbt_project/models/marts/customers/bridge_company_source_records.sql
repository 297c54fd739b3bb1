select s.company_id, c.source_system, c.source_key, s.valid_from
from {{ source("identity", "company_source_records") }} s
join {{ ref("conformed_companies") }} c on c.source_system || ':' || c.source_key = s.company_record
where s.valid_to is null
