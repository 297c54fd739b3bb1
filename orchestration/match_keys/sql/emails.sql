-- Email addresses. `email_key` is the one address that a field certainly names; `email_readings` are all that it may name,
-- `denied_addresses` those too that are written in disguise.

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
    case when l = '' or starts_with(l, '+') then null
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
    list_sort(list_distinct(list_filter(list_transform(
        regexp_extract_all(regexp_replace(w, ' *@ *', '@', 'g'), '[^ @]+@[\p{L}\p{M}\p{N}_-]+(?:\.[\p{L}\p{M}\p{N}_-]+)+'),
        lambda a: match_keys.written_address_key(a)), lambda k: k is not null)));
-- two addresses without anything between them (a@x.sea@x.se), parted behind an ending that domains here have: as early as can
-- be, and as late. Twice, for a sign that was read is not read again
create or replace macro match_keys.parted_early(w) as
    regexp_replace(w, '(@[^ @]*?[.](?:se|no|dk|fi|com|net|org|nu|eu|info|is|ax|fo|gl|de|uk|fr|nl|pl|ee|lv|lt|es|it|ch|at|us|io|biz|me))([^ @]+@)', '\1 \2', 'g');
create or replace macro match_keys.parted_late(w) as
    regexp_replace(w, '(@[^ @]*[.](?:se|no|dk|fi|com|net|org|nu|eu|info|is|ax|fo|gl|de|uk|fr|nl|pl|ee|lv|lt|es|it|ch|at|us|io|biz|me))([^ @]+@)', '\1 \2', 'g');
create or replace macro match_keys.known_addresses(s) as
    list_transform([nfc_normalize(match_keys.decoded(match_keys.written_addresses(s)))], lambda w:
        case when regexp_matches(w, '@[^ @]+@') then list_sort(list_distinct(flatten(list_transform(
                [w, match_keys.parted_early(match_keys.parted_early(w)), match_keys.parted_late(match_keys.parted_late(w))],
                lambda v: match_keys.addresses_in(v)))))
            else match_keys.addresses_in(w) end)[1];
-- most addresses: letters, digits and marks of ASCII, one @, a domain
create or replace macro match_keys.is_plain_address(s) as
    regexp_full_match(s, '[A-Za-z0-9_][A-Za-z0-9._%+-]*@[A-Za-z0-9-]*[A-Za-z0-9](?:\.[A-Za-z0-9-]*[A-Za-z0-9])+') and not contains(lower(s), 'xn--');
create or replace macro match_keys.plain_address_key(s) as
    case when regexp_matches(s, '@(?i:g(?:oogle)?mail\.com)$') then replace(regexp_extract(lower(s), '^[^+@]+'), '.', '') || '@gmail.com'
        else regexp_replace(lower(s), '\+[^@]*@', '@') end;

-- every address that a field may name, as keys; empty where there is none
create or replace macro match_keys.email_readings(s) as
    case when match_keys.is_plain_address(s) then [match_keys.plain_address_key(s)]
        else coalesce(match_keys.known_addresses(s), []::varchar[]) end;
-- the address that a field certainly names; null where it names none, several, or one with a gap at the @; nor is it certain
-- where nothing stands between one @ and the next
create or replace macro match_keys.email_key(s) as
    case when match_keys.is_plain_address(s) then match_keys.plain_address_key(s)
        when not regexp_matches(s, '[\s\p{Z}\p{Cc}<>()\[\]{}",;:|\\/]@|@[\s\p{Z}\p{Cc}<>()\[\]{}",;:|\\/]|@[^\s\p{Z}\p{Cc}<>()\[\]{}",;:|\\/@]*@')
            then list_transform([match_keys.known_addresses(s)], lambda k: case when len(k) = 1 then k[1] end)[1] end;

-- %3C as <, where the bytes are text
create or replace macro match_keys.unescaped(s) as case when contains(s, '%') then coalesce(try(url_decode(s)), s) else s end;
-- UTF-8 that was read as Windows-1252. Here and below patterns are constants: one that stands in a list is compiled anew for every row
create or replace macro match_keys.without_mojibake(s) as
    (s)
        .regexp_replace('Ã¥', 'å', 'gi')
        .regexp_replace('Ã¤', 'ä', 'gi')
        .regexp_replace('Ã¶', 'ö', 'gi')
        .regexp_replace('Ã¸', 'ø', 'gi')
        .regexp_replace('Ã¦', 'æ', 'gi')
        .regexp_replace('Ã©', 'é', 'gi')
        .regexp_replace('Ã¼', 'ü', 'gi')
        .regexp_replace('Ã…', 'å', 'gi')
        .regexp_replace('Ã„', 'ä', 'gi')
        .regexp_replace('Ã–', 'ö', 'gi')
        .regexp_replace('Ã˜', 'ø', 'gi')
        .regexp_replace('Ã†', 'æ', 'gi');
-- an address that is written so that no robot reads it, as it is meant: (at), [dot], %40, &#64;, %3C, name=; of the sender
-- that a bounce goes to, whom the message was for: bounce+anna=x.se@list.example, SRS0=hash=day=x.se=anna@forwarder.example; of a
-- guest, whose guest: anna_x.se#EXT#@tenant.example; without comments and marks, and without slips: anna@x..se, anna@@x.se, anna@x,se
create or replace macro match_keys.revealed_address(s) as
    (match_keys.without_mojibake(match_keys.plain(match_keys.unescaped(match_keys.unescaped(s)))))
        .regexp_replace('SRS[01][=+-](?:[^\s@]*==)?[^\s@=]+=[^\s@=]+=([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+)=([^\s@]+)@[^\s@]+', '\2@\1', 'gi')
        .regexp_replace('([^\s@]+)_([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+)#EXT#@[^\s@]+', '\1@\2', 'gi')
        .regexp_replace('\([^()@]*\)\s*@', '@', 'gi')
        .regexp_replace('@\s*\([^()@]*\)', '@', 'gi')
        .regexp_replace('(^|\s)[_*~`]+([^\s@]+@[^\s@]*[^\s@_*~`])[_*~`]+(\s|$)', '\1\2\3', 'gi')
        .regexp_replace('[^\s@=+]*[+-]([^\s@=+]+)=([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+)@[^\s@]+', '\1@\2', 'gi')
        .regexp_replace('&(?:amp;)?(?:#0*64|#x0*40|commat);|[＠﹫]', '@', 'gi')
        .regexp_replace('&(?:amp;)?(?:#0*46|#x0*2e|period);', '.', 'gi')
        .regexp_replace('&(?:amp;)?(?:#0*43|#x0*2b|plus);', '+', 'gi')
        .regexp_replace('&(?:amp;)?(?:#0*39|#x0*27|apos);', '''', 'gi')
        .regexp_replace('&(?:amp;)?(?:[lg]t|quot|nbsp|#[0-9]+|#x[0-9a-f]+);|=', ' ', 'gi')
        .regexp_replace('\s*[(\[{<]\s*(?:at|a|@|snabel-?a|krøllalfa|alfakrøll|ät-?merkki|kissanhäntä)\s*[)\]}>]\s*', '@', 'gi')
        .regexp_replace('\s+(?:at|snabel-?a|krøllalfa|alfakrøll)\s+', '@', 'gi')
        .regexp_replace('\s*[(\[{<]\s*(?:dot|punkt|punktum|prikk|piste|[.])\s*[)\]}>]\s*', '.', 'gi')
        .regexp_replace('\s+(?:dot|punkt|punktum|prikk|piste)\s+', '.', 'gi')
        -- slips of the keyboard: a sign typed twice, another sign or a gap for the dot before the ending
        .regexp_replace('@[@.\s]*@|@\s*\.+', '@', 'g')
        .regexp_replace('\.{2,}', '.', 'g')
        .regexp_replace('(@[\p{L}\p{M}\p{N}-]+)\s*[,;:·。．\s]\s*((?:se|no|dk|fi|com|net|org|nu|eu|info|is|ax|fo|gl|de|uk|fr|nl|pl|ee|lv|lt|es|it|ch|at|us|io|biz|me)(?:[^\p{L}\p{N}@.-]|$))', '\1.\2', 'gi')
        .regexp_replace('(@[\p{L}\p{M}\p{N}-]+)(?:\s+\.\s*|\.\s+)((?:se|no|dk|fi|com|net|org|nu|eu|info|is|ax|fo|gl|de|uk|fr|nl|pl|ee|lv|lt|es|it|ch|at|us|io|biz|me)(?:[^\p{L}\p{N}@.-]|$))', '\1.\2', 'gi');
-- every address that a withdrawal may name, as keys: a denial is read by more than a grant
create or replace macro match_keys.denied_addresses(s) as
    case when match_keys.is_plain_address(s) and not contains(s, '%') then [match_keys.plain_address_key(s)]
        else list_sort(list_distinct(flatten(list_transform([s, match_keys.revealed_address(s)], lambda v: match_keys.email_readings(v))))) end;
