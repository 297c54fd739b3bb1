-- one number for all that was said from a contact point, by which a change is seen
create or replace table identity.withdrawn_points as
select p.contact_point, case when not is_junk('email', a.email_key) then a.email_key end as email_key,
    case when not is_junk('phone', n.phone_key) then n.phone_key end as phone_key, p.statements, p.digest,
    coalesce(a.addresses, []::varchar[]) as addresses,
    -- of a number whose digits are hidden (07011122xx) nobody is found
    coalesce(len(a.addresses) > 0, false) or coalesce(len(n.denies) > 0, false) and not regexp_matches(p.contact_point, '[0-9][ -]*[xX*•#]{2}|[xX*•#]{2}[ -]*[0-9]') as is_readable
from (
    select contact_point, count(*) as statements,
        sum(hash(l.source_system, coalesce(l.source_key, 'load ' || l.load_id), person_system, person_key, is_known, purpose,
            channel, stated_at, is_zoneless))::hugeint as digest
    from {{ ledger }} l left join (
        select distinct source_system as person_system, source_key as person_key, true as is_known from identity.customer_source_records
    ) using (person_system, person_key)
    where contact_point is not null group by 1
) p
left join addresses_read a on a.written = p.contact_point
left join identity.phone_numbers n on n.phone = match_keys.beside_addresses(p.contact_point) and n.country_code = '';
