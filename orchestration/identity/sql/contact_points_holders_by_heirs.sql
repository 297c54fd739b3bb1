-- who has the key by now is denied under it
delete from identity.heirs h using identity.former_people f
where h.gone_system = f.person_system and h.gone_key = f.person_key and h.person_system = f.person_system and h.person_key = f.record_key;
-- whoever a record that is gone stands for had what it had
insert into identity.point_holders
select p.contact_point, any_value(p.statements), any_value(p.digest), h.person_system, h.person_key, true
from identity.point_holders p
join gone_people g on g.source_system = p.person_system and g.source_key = p.person_key
join identity.heirs h on h.gone_system = p.person_system and h.gone_key = p.person_key
anti join identity.point_holders o
    on o.contact_point = p.contact_point and o.person_system = h.person_system and o.person_key = h.person_key
group by p.contact_point, h.person_system, h.person_key;
