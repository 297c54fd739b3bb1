insert into absent_people
select person_system, person_key, null, null, null, null, contact_point, match_keys.beside_addresses(contact_point), null, true
from said_of_absent;
drop table said_of_absent;
