-- all that a withdrawn point of `points` (contact_point, addresses) may be
create or replace temp table denied_tokens as
select contact_point, null::varchar as gone_system, null::varchar as gone_key, unnest(addresses) as token from {{ points }}
union all
select w.contact_point, null, null, unnest(n.denies) from {{ points }} w
join identity.phone_numbers n on n.phone = match_keys.beside_addresses(w.contact_point) and n.country_code = ''
union all
select contact_point, null, null, unnest(match_keys.place_keys(contact_point)) from {{ points }};
