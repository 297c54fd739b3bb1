-- Dates of birth. Ages by calendar years are dbt's (macros/age.sql).

-- a birth date as it can be on a day: a year of two digits (0045) is the last one that is not after it; what lies in the
-- future or before 1880 is none
create or replace macro match_keys.plausible_birth(d, today) as
    case when year(d) between 0 and 99
            then case when (d + to_years(2000))::date <= today then (d + to_years(2000))::date else (d + to_years(1900))::date end
        when year(d) >= 1880 and d <= today then d::date end;
-- a date, or the same day a hundred years before where it is yet to come: of two digits for the year
create or replace macro match_keys.not_after(d, today) as case when d > today then (d - to_years(100))::date else d end;
-- a birth date as systems write it. What a cast reads as a year below 32 may be a day: 05/06/14
create or replace macro match_keys.written_birth(s, today) as
    list_transform([{'cast': try_cast(s as date), 'short': try_strptime(s::varchar, ['%d/%m/%y', '%d.%m.%y', '%d-%m-%y', '%y%m%d'])::date}], lambda d:
        match_keys.plausible_birth(coalesce(case when year(d.cast) > 31 then d.cast end,
            try_strptime(s::varchar, ['%Y-%m-%d', '%d.%m.%Y', '%d/%m/%Y', '%d-%m-%Y', '%Y%m%d'])::date,
            match_keys.not_after(d.short, today), d.cast), today))[1];
-- match keys of names with a birth date; none where that is not known
create or replace macro match_keys.with_birth(names, born) as
    list_transform([{'names': names, 'born': born::varchar}], lambda k:
        case when k.born is null then []::varchar[] else list_transform(k.names, lambda w: w || '|' || k.born) end)[1];
