delete from restricted.national_ids
where source_system = {{ source }} and source_key in (select source_key from delivered_ids);

insert into restricted.national_ids
select {{ source }}, source_key, country_code, keyed_hash
from delivered_ids
join hashed_ids using (number, country_code)
where keyed_hash is not null
qualify row_number() over (partition by source_key order by keyed_hash) = 1;
