create or replace table identity.point_holders as
select w.contact_point, w.statements, w.digest, h.person_system, h.person_key,
    bool_and(h.is_former or starts_with(token, 'post:')) as is_former
from denied_tokens d join {{ has_or_had }} h using (token)
join identity.withdrawn_points w on w.contact_point = d.contact_point
group by all;
-- a postal address is read where somebody has it: other text may look like one
update identity.withdrawn_points w set is_readable = true where not is_readable and exists (
    select 1 from denied_tokens d join {{ has_or_had }} h using (token) where d.contact_point = w.contact_point and starts_with(token, 'post:'));
