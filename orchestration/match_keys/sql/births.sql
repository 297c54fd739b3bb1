-- Dates of birth. Ages by calendar years are dbt's (macros/age.sql).

-- a birth date as it can be on a day: a year of two digits (0045) is the last one that is not after it; what lies in the
-- future or before 1880 is none
create or replace macro match_keys.plausible_birth(d, today) as
    case when year(d) between 0 and 99
            then case when (d + to_years(2000))::date <= today then (d + to_years(2000))::date else (d + to_years(1900))::date end
        when year(d) >= 1880 and d <= today then d::date end;
