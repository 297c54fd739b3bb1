-- a name is compatible with one that is equal, its initial or its short form, nearly the same, or swapped
create or replace macro identity.compatible_names(a, b) as
    a.given_key is null or b.given_key is null or a.given_key = b.given_key
    or starts_with(a.given_key, b.given_key) or starts_with(b.given_key, a.given_key)
    or jaro_winkler_similarity(a.given_key, b.given_key) >= {{ alike }}
    or (damerau_levenshtein(a.given_key, b.given_key) = 1 and least(length(a.given_key), length(b.given_key)) >= 5)
    or coalesce(list_contains(a.given_forms, b.given_key), false) or coalesce(list_contains(b.given_forms, a.given_key), false)
    or coalesce(list_has_any(a.given_forms, b.given_forms), false)
    or coalesce(jaro_winkler_similarity(a.given_key, b.family_key) >= {{ swapped_alike }}, false)
    or coalesce(jaro_winkler_similarity(b.given_key, a.family_key) >= {{ swapped_alike }}, false);
create or replace macro identity.birth_dates_conflict(a, b) as
    coalesce(abs(date_diff('day', a.birth_date, b.birth_date)) > {{ slip_days }}
        and (damerau_levenshtein(a.birth_date::varchar, b.birth_date::varchar) > 1
            or abs(date_diff('year', a.birth_date, b.birth_date)) {{ generation }}), false);
