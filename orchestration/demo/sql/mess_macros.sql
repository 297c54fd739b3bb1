create or replace macro u(k, salt) as hash(k, salt, getvariable('seed'))::double / 18446744073709551616.0;
create or replace macro ts(seconds) as make_timestamp(seconds::bigint * 1000000);
create or replace macro iso(seconds) as strftime(make_timestamp(seconds::bigint * 1000000), '%Y-%m-%dT%H:%M:%SZ');
create or replace macro folded(s) as
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(s, 'å', 'a'), 'ä', 'a'), 'ö', 'o'),
    'ø', 'o'), 'æ', 'ae'), 'Å', 'A'), 'Ä', 'A'), 'Ö', 'O'), 'Ø', 'O'), 'Æ', 'Ae');
create or replace macro typo(s, k, salt) as case
    when length(s) < 4 then s
    when u(k, salt || 'kind') < 0.34 then
        left(s, 1 + (u(k, salt) * (length(s) - 2))::int) || substr(s, 3 + (u(k, salt) * (length(s) - 2))::int)
    when u(k, salt || 'kind') < 0.67 then
        left(s, 1 + (u(k, salt) * (length(s) - 2))::int) || substr(s, 1 + (u(k, salt) * (length(s) - 2))::int)
    else left(s, 1 + (u(k, salt) * (length(s) - 3))::int)
        || substr(s, 3 + (u(k, salt) * (length(s) - 3))::int, 1) || substr(s, 2 + (u(k, salt) * (length(s) - 3))::int, 1)
        || substr(s, 4 + (u(k, salt) * (length(s) - 3))::int) end;
-- what somebody now and then writes in a review that no company may keep
create or replace macro told(k) as case when k % 43 = 7 then (['. I am pregnant, so the size is wrong', '. Jag är sjukskriven och läser mycket',
    '. Vi er muslimer og spiser ikke dette', '. Jeg er medlem af en fagforening', '. Pojallani on keliakia'])[1 + (k // 43) % 5] else '' end;
