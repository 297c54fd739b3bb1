-- phones_to_read (phone, country_code) → candidates, then, with what the library says of each (parsed), read_phones.
create or replace temp table phone_candidates as
select phone, country_code, unnest(match_keys.phone_candidates(bare)) as candidate, region, country_code <> '' as has_country,
    match_keys.is_plain_phone(bare) as is_plain, match_keys.has_rest(bare) or match_keys.is_escaped(phone) as has_rest,
    -- a number of one country has eleven digits at most
    case when length(match_keys.digits_in(bare)) > 11 then match_keys.front_tails(bare) else []::varchar[] end as fronts
from (
    select phone, country_code, match_keys.bare_phone(phone) as bare, coalesce(nullif(country_code, ''), $default) as region from phones_to_read
)
-- and then
create or replace temp table read_phones as
with written as (
    select c.phone, c.country_code,
        any_value(c.region) as region,
        bool_or(c.is_plain) as is_plain,
        any_value(c.fronts) as fronts,
        bool_or(c.has_rest) or count(*) <> count(p.phone_key) and count(*) > 1 or count(distinct p.phone_key) > 1 as has_more,
        bool_and(c.has_country or starts_with(c.candidate, '+')) as has_country,
        min(c.candidate) as candidate,
        min(p.phone_key) as phone_key,
        bool_and(p.is_valid) as is_valid,
        bool_or(p.is_mobile) as is_mobile,
        min(p.number_country) as number_country,
        list_sort(list_distinct(flatten(list(p.readings)))) as readings,
        list_sort(list_distinct(flatten(list(p.nationals)))) as nationals,
        list_sort(list_distinct(list(match_keys.phone_tail(c.candidate)) filter (length(ltrim(c.candidate, '+')) >= 7))) as own_tails
    from phone_candidates c join parsed p on p.candidate = c.candidate and p.region = c.region
    group by c.phone, c.country_code
), judged as (
    -- a number of a range that the library does not know is certain unless it begins with one that it knows
    select *, coalesce(not has_more and phone_key is not null and (is_valid or is_plain and len(readings) = 1), false) as is_certain,
        -- of a number whose country nobody knows, its digits are the key
        case when not has_more and is_plain and region = '' and length(ltrim(candidate, '+0')) between 7 and 15
            then ltrim(candidate, '+0') end as digits,
        list_distinct(list_concat(list_transform(readings, lambda r: match_keys.phone_tail(r)), coalesce(own_tails, []::varchar[]),
            case when is_certain then []::varchar[] else fronts end)) as tails
    from written
), keyed as (
    select *, list_distinct(list_concat(nationals, case when digits is not null then [digits] else []::varchar[] end)) as all_nationals from judged
), tokens as (
    -- u: of whoever is uncertain, c: of everybody; what is certain on both sides is compared by E.164 alone
    select *, list_transform(list_concat(all_nationals, tails), lambda d: 'u' || d) as u_all,
        list_transform(list_concat(all_nationals, tails), lambda d: 'c' || d) as c_all,
        -- a number that lacks only its country is uncertain in its national digits, any other uncertain one in its last
        case when is_certain and has_country then []::varchar[]
            when is_certain or digits is not null and len(fronts) = 0 then all_nationals
            else list_concat(all_nationals, tails) end as uncertain
    from keyed
), whole as (
    select p.phone, p.country_code, case when t.is_certain then t.phone_key else t.digits end as phone_key, coalesce(t.is_certain, false) as is_certain,
        case when t.is_certain then t.is_mobile end as is_mobile,
        case when t.is_certain then t.number_country end as number_country, coalesce(t.readings, []::varchar[]) as readings,
        list_concat(t.readings, t.u_all, list_transform(t.uncertain, lambda d: 'c' || d)) as denies,
        list_concat(t.readings, t.c_all, list_transform(t.uncertain, lambda d: 'u' || d)) as denied_by
    from phones_to_read p left join tokens t on t.phone = p.phone and t.country_code = p.country_code
)
select phone, country_code, phone_key, is_certain, is_mobile, readings,
    coalesce(list_sort(list_distinct(denies)), []::varchar[]) as denies, coalesce(list_sort(list_distinct(denied_by)), []::varchar[]) as denied_by,
    number_country
from whole
