-- Email addresses. `email_key` is the one address that a field certainly names; `email_readings` are all that it may name.
-- Not here: what a denial may name besides (denied_emails.sql).

-- punycode (RFC 3492), decoded digit by digit: a state goes four times over each digit of the part after the last hyphen, so
-- that no step needs a lambda inside: what is nested is planned many times over
create or replace macro match_keys.puny_state(phase, x, basic) as
    {'phase': phase, 'x': x::bigint, 'i': 0::bigint, 'w': 1::bigint, 'k': 36::bigint, 'n': 128::bigint, 'bias': 72::bigint, 'old': 0::bigint,
        'len': 1::bigint, 'delta': 0::bigint, 'is_whole': false, 'out': basic};
create or replace macro match_keys.puny_digit(c) as case when c between 'a' and 'z' then ascii(c) - 97 else ascii(c) - 22 end;
create or replace macro match_keys.puny_threshold(a) as greatest(1, least(26, a.k - a.bias));
create or replace macro match_keys.puny_step(a, e) as
    case when e.phase = 1 then {'phase': 1, 'x': e.x, 'i': a.i + e.x * a.w,
            'w': case when e.x < match_keys.puny_threshold(a) then 1 else a.w * (36 - match_keys.puny_threshold(a)) end,
            'k': case when e.x < match_keys.puny_threshold(a) then 36 else a.k + 36 end, 'n': a.n, 'bias': a.bias, 'old': a.old,
            'len': length(a.out) + 1, 'delta': 0, 'is_whole': e.x < match_keys.puny_threshold(a), 'out': a.out}
        when not a.is_whole then a
        when e.phase = 2 then {'phase': 2, 'x': 0, 'i': a.i % a.len, 'w': 1, 'k': 36, 'n': a.n + a.i // a.len, 'bias': a.bias, 'old': a.old,
            'len': a.len, 'delta': (a.i - a.old) // (case when a.old = 0 then 700 else 2 end), 'is_whole': true, 'out': a.out}
        when e.phase = 3 then {'phase': 3, 'x': 0, 'i': a.i + 1, 'w': 1, 'k': 36, 'n': a.n, 'bias': a.bias, 'old': a.i + 1,
            'len': a.len, 'delta': a.delta + a.delta // a.len, 'is_whole': true,
            'out': substr(a.out, 1, a.i) || coalesce(try(chr(a.n::int)), '') || substr(a.out, a.i + 1)}
        else {'phase': 4, 'x': 0, 'i': a.i, 'w': 1, 'k': 36, 'n': a.n,
            'bias': case when a.delta <= 455 then (36 * a.delta) // (a.delta + 38)
                when a.delta // 35 <= 455 then 36 + (36 * (a.delta // 35)) // (a.delta // 35 + 38)
                when a.delta // 1225 <= 455 then 72 + (36 * (a.delta // 1225)) // (a.delta // 1225 + 38)
                else 108 + (36 * (a.delta // 42875)) // (a.delta // 42875 + 38) end,
            'old': a.old, 'len': a.len, 'delta': 0, 'is_whole': false, 'out': a.out} end;
create or replace macro match_keys.puny_decoded(basic, digits) as
    list_reduce(
        list_prepend(match_keys.puny_state(0, 0, basic), flatten(list_transform(string_split(digits, ''), lambda c: [
            match_keys.puny_state(1, match_keys.puny_digit(c), ''), match_keys.puny_state(2, 0, ''), match_keys.puny_state(3, 0, ''), match_keys.puny_state(4, 0, '')]))),
        lambda a, e: match_keys.puny_step(a, e)).out;
-- a macro's argument is planned as often as it stands in the macro: in `nullif` and `array_to_string`, which are macros, twice
create or replace macro match_keys.label_decoded(l) as
    list_filter([case when regexp_full_match(l, 'xn--[a-z0-9-]*[a-z0-9]') and length(l) < 64
        then match_keys.puny_decoded(regexp_extract(substr(l, 5), '^(.*)-', 1), regexp_extract(substr(l, 5), '[^-]*$')) end, l],
        lambda d: d <> '')[1];
-- every label of a text that is punycode, in its letters
create or replace macro match_keys.decoded(w) as
    case when contains(w, 'xn--')
        then list_aggregate(list_transform(regexp_extract_all(w, '[^.@ ]+|[.@ ]+'), lambda l: match_keys.label_decoded(l)), 'string_agg', '') else w end;

-- of local and domain in lower case: without its +tag; for Gmail the dots before the @ do not count
create or replace macro match_keys.untagged(l, d) as
    case when l = '' or d = '' or starts_with(l, '+') then null
        when d in ('gmail.com', 'googlemail.com') then replace(regexp_replace(l, '\+.*$', ''), '.', '') || '@gmail.com'
        else regexp_replace(l, '\+.*$', '') || '@' || d end;
-- quotes, brackets, bullets and other signs around an address are none of it
create or replace macro match_keys.written_address_key(a) as
    match_keys.untagged(regexp_replace(split_part(a, '@', 1), '^[^\p{L}\p{N}_+%/^|-]+|[^\p{L}\p{M}\p{N}_+%/^|-]+$', '', 'g'), rtrim(split_part(a, '@', 2), '.-_'));
-- letters, digits and marks of full width as those of ASCII
create or replace macro match_keys.of_one_width(s) as
    translate(s, 'ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ０１２３４５６７８９＠．＋－＿', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@.+-_');
-- an apostrophe between letters, however it is typed or escaped: o’brien, o''brien, o\'brien
create or replace macro match_keys.one_apostrophe(s) as regexp_replace(s, '(\p{L})\\*[''’‘`´ʼ′]+(\p{L})', '\1''\2', 'g');
-- lower case, composed, every separator that no address has as a space; no label (e-post=)
create or replace macro match_keys.written_addresses(s) as
    regexp_replace(
        regexp_replace(lower(match_keys.plain(match_keys.one_apostrophe(match_keys.of_one_width(s)))), '[<>()\[\]{}",;:|\\/ ]+', ' ', 'g'),
        '(^| )(?:e-?post|e-?mail|e-?mejl|mejl|mail|mailto|address?e?|sähköposti)=', '\1', 'g');
create or replace macro match_keys.addresses_in(w) as
    list_transform(
        regexp_extract_all(regexp_replace(w, ' *@ *', '@', 'g'), '[^ @]+@[\p{L}\p{M}\p{N}_-]+(?:\.[\p{L}\p{M}\p{N}_-]+)+'),
        lambda a: match_keys.written_address_key(a));
-- two addresses without anything between them (a@x.sea@x.se), parted behind an ending that domains here have: as early as can
-- be, and as late. Twice, for a sign that was read is not read again
create or replace macro match_keys.parted_early(w) as
    regexp_replace(w, '(@[^ @]*?[.](?:{{ endings }}))([^ @]+@)', '\1 \2', 'g');
create or replace macro match_keys.parted_late(w) as
    regexp_replace(w, '(@[^ @]*[.](?:{{ endings }}))([^ @]+@)', '\1 \2', 'g');
create or replace macro match_keys.known_addresses(s) as
    list_transform([nfc_normalize(match_keys.decoded(match_keys.written_addresses(s)))], lambda w:
        list_sort(list_distinct(flatten(list_transform(
            case when regexp_matches(w, '@[^ @]+@')
                then [w, match_keys.parted_early(match_keys.parted_early(w)), match_keys.parted_late(match_keys.parted_late(w))] else [w] end,
            lambda v: match_keys.addresses_in(v))))))[1];
-- words by which a system marks an address as one that is used no more: none is the ending of a domain. What ends with .invalid is
-- read, and stands in for none (junk_identifiers)
create or replace macro match_keys.has_no_ending(s) as
    regexp_matches(s, '[._-](?i:old|bak|backup|deleted?|removed?|inactive|disabled|expired|archived?|closed|bounced?|former|obsolete|unsub|unsubscribed?|opt-?out|suppressed|gammal|gammel|vanha|borttagen|raderad|slettet|poistettu|inaktiv|ogiltig|ugyldig|avslutad|avregistrerad|avmeldt|afmeldt)[0-9]*$|[.][^.@]*[0-9_-][^.@]*$')
    and not regexp_matches(s, '[.](?i:xn--)[^.@]*$');
-- most addresses: letters, digits and marks of ASCII, one @, a domain
create or replace macro match_keys.is_plain_address(s) as
    regexp_full_match(s, '[A-Za-z0-9_][A-Za-z0-9._%+-]*@[A-Za-z0-9-]*[A-Za-z0-9](?:\.[A-Za-z0-9-]*[A-Za-z0-9])*\.[A-Za-z-]*[A-Za-z]') and not contains(lower(s), 'xn--')
    and not match_keys.has_no_ending(s);
create or replace macro match_keys.plain_address_key(s) as
    case when regexp_matches(s, '@(?i:g(?:oogle)?mail\.com)$') then replace(regexp_extract(lower(s), '^[^+@]+'), '.', '') || '@gmail.com'
        else regexp_replace(lower(s), '\+[^@]*@', '@') end;

-- every address that a field may name, as keys; empty where there is none
create or replace macro match_keys.email_readings(s) as
    case when match_keys.is_plain_address(s) then [match_keys.plain_address_key(s)]
        else coalesce(match_keys.known_addresses(s), []::varchar[]) end;
-- each letter that the pattern below does not name as one, and so numbers and marks: a class of all letters is slow to plan
create or replace macro match_keys.in_few_signs(w) as
    regexp_replace(regexp_replace(regexp_replace(w, '[^\P{L}a-zäö]', 'å', 'g'), '[^\P{N}0-9]', '0', 'g'), '\p{M}', chr(769), 'g');
-- whether nothing stands around an address that may be another one, or a part of it: of a local part that is cut (alva .ek@x.se)
-- and of two people (anna.berg, bo@x.se) it is not certain. Before it may stand signs, labels, or a name before a bracket;
-- behind it no word with a dot within
create or replace macro match_keys.is_alone(w) as
    list_transform([match_keys.in_few_signs(w)], lambda v:
        regexp_matches(v, '^(?:(?:[^a-zåäö0-9@\\]*[^a-zåäö0-9@\\.+%/^|&_-])?|["''(“ ]*(?:(?:(?:[a-zåäö][.]-?){1,4}|[a-zåäö\x{301}''’-]+[.]?)["''’”“() ,]+)*(?:(?:[a-zåäö][.]-?){1,4}|[a-zåäö\x{301}''’-]+[.]?)?["''”) ]*[<(\[])(?:(?:e-?post(?:adress)?|e-?mail|e-?mejl|mejl|mail|mailto|address?e?|sähköposti|kontakt|contact|privat|private|hem|hjem|home|koti|jobb|job|work|arbete|arbeid|arbejde|työ)[)\]]?(?: ?[:=] ?| )[<(\["'' ]*)*[a-zåäö0-9_][^ <>()\[\]{}",;:|\\/=@]*@')
        and not regexp_matches(v, '@[^ <>()\[\]{}",;:|\\/@?]+[ <>()\[\]{}",;:|\\/&]+(?:[^@]*[ <>()\[\]{}",;:|\\/&])?[a-zåäö0-9]+[._][a-zåäö][^ <>()\[\]{}",;:|\\/@]*(?:[ <>()\[\]{}",;:|\\/]|$)'))[1];
-- the address that a field certainly names; null where it names none, several, or one with a gap at the @; nor is it certain
-- where nothing stands between one @ and the next, or where its domain has no ending
create or replace macro match_keys.email_key(s) as
    case when match_keys.is_plain_address(s) then match_keys.plain_address_key(s)
        when not regexp_matches(s, '[\s\p{Z}\p{Cc}<>()\[\]{}",;:|\\/]@|@[\s\p{Z}\p{Cc}<>()\[\]{}",;:|\\/]|@[^\s\p{Z}\p{Cc}<>()\[\]{}",;:|\\/@]*@')
                and match_keys.is_alone(lower(match_keys.plain(match_keys.one_apostrophe(match_keys.of_one_width(s)))))
            then list_transform([match_keys.known_addresses(s)], lambda k: case when len(k) = 1 and not match_keys.has_no_ending(k[1]) then k[1] end)[1] end;
