-- Phone numbers as written → candidates: runs of digits that may be numbers, + before those with a country code.
-- Not here: what country and kind of number a candidate is (phones.py, by the library phonenumbers).

create or replace macro match_keys.digits_in(s) as regexp_replace(s, '[^0-9]', '', 'g');
-- the last digits of a number: they are the same whether it is written with its country, its area or without both
create or replace macro match_keys.phone_tail(s) as right(match_keys.digits_in(s), 7);
-- whether a text may hold a number: whatever stands between its digits, and in front of the last ones
create or replace macro match_keys.has_phone_tail(written, number) as contains(match_keys.digits_in(written), match_keys.phone_tail(number));
-- what a withdrawal has beside its addresses; of an address seven digits or more are kept: 46701112233@c.us is a number
create or replace macro match_keys.beside_addresses_in(s) as
    match_keys.ascii_digits(case when contains(s, '@') then regexp_replace(
        regexp_replace(regexp_replace(s, '(@[^\s@]*?\.\p{L}{2,})[ ._-]*(\+?(?:[0-9][.-]?){7,})', '\1 ; \2', 'g'), '[^\s\p{Z}<>()\[\]{}",;:|\\/]*?((?:\+|00)?(?:[0-9][.-]?){7,})[^\s\p{Z}<>()\[\]{}",;:|\\/0-9]*\s*@\s*[^\s\p{Z}<>()\[\]{}",;:|\\/]*', ' ; \1 ; ', 'g'),
        '[^\s\p{Z}<>()\[\]{}",;:|\\/]*\s*@\s*[^\s\p{Z}<>()\[\]{}",;:|\\/]*', ' ; ', 'g') else s end);
create or replace macro match_keys.beside_addresses(s) as match_keys.beside_addresses_in(match_keys.unescaped(match_keys.unescaped(s)));
-- whether a link escapes a part of it (+46%2070): read as what that stands for, and never certain
create or replace macro match_keys.is_escaped(s) as regexp_matches(s, '%[0-9A-Fa-f]{2}');
-- without a spreadsheet's .0 and its 4.67E+10, of which digits are lost; without the (0) behind a country code, an extension
create or replace macro match_keys.bare_phone(s) as
    regexp_replace(
        regexp_replace(
            regexp_replace(lower(match_keys.plain(regexp_replace(replace(regexp_replace(match_keys.ascii_digits(match_keys.unescaped(match_keys.unescaped(s))), '[\r\n]+', ';', 'g'), '＋', '+'), '^\s*[0-9]+([.,][0-9]+)?[eE][+]?[0-9]+\s*$', ''))), '^(\+?[0-9][0-9 ]{4,})[.,]0+$', '\1'),
            '\( ?0 ?\)', ' ', 'g'),
        '([0-9][ )]*)[,;.]? ?\(?(?:extension|ext|anknytning|ankn|ank|lokalnummer|lokal|lok|internt|intern|int|alanumero|alanro|wew|x|#)[ .:]*[0-9]{1,5}\)?[ ;]*$', '\1');
-- letters, lists and a further + part numbers; a slash does behind a whole number, and not behind an area code
create or replace macro match_keys.phone_parts(b) as
    list_transform([string_split_regex(regexp_replace(b, '([0-9)] *)\+', '\1;+', 'g'), '\p{L}+[.]*|[;:,|&\\]')], lambda parts:
        flatten(list_transform(parts, lambda part:
            case when length(match_keys.digits_in(split_part(part, '/', 1))) >= 7
                then string_split(part, '/') else [part] end)))[1];
create or replace macro match_keys.international(n) as
    case when starts_with(n, '+') then '+' || match_keys.digits_in(n) when starts_with(n, '00') then '+' || substr(match_keys.digits_in(n), 3) else match_keys.digits_in(n) end;
create or replace macro match_keys.runs_of(parts) as
    list_filter(list_transform(parts, lambda part: match_keys.international(regexp_replace(part, '[^0-9+]', '', 'g'))),
        lambda n: n <> '' and n <> '+');
-- a part without the few digits behind a whole number (0731110000 (2), 0731110000-1): one digit of its own, digits in brackets,
-- or up to three behind a number without gaps; null where there are none
create or replace macro match_keys.without_suffix(part) as
    list_transform([regexp_extract(part, '^(.*[0-9].*?)(?:[ .()_-]+[0-9]|[ .)_-]*\([ ]*[0-9]{1,3})[ ).]*$', 1)], lambda head:
        case when length(match_keys.digits_in(head)) >= 7 then head
            else nullif(regexp_extract(part, '^(.*[0-9]{9,})[ ._-]+[0-9]{1,3}[ .]*$', 1), '') end)[1];
-- with the letters that stand for digits: o for 0, i and l for 1, within or beside digits; not those of a word
create or replace macro match_keys.with_letters_as_digits(b) as
    (match_keys.latin_looks(b))
        .regexp_replace('(^|[^\p{L}0-9])o(o?[0-9])', '\10\2', 'g').regexp_replace('(0)o([0-9])', '\10\2', 'g')
        .regexp_replace('([0-9])o([^\p{L}]|o|$)', '\10\2', 'g').regexp_replace('([0-9])o([^\p{L}]|o|$)', '\10\2', 'g')
        .regexp_replace('([0-9])[il]([0-9])', '\11\2', 'g').regexp_replace('([0-9])[il]([0-9])', '\11\2', 'g');
-- all readings stay: with the digits behind it and without, with letters as digits and as what they are
create or replace macro match_keys.phone_runs(b) as
    list_transform([match_keys.phone_parts(b)], lambda parts: match_keys.runs_of(list_concat(
        parts, list_filter(list_transform(parts, lambda part: match_keys.without_suffix(part)), lambda head: head is not null),
        case when regexp_matches(b, '[oilоΟο]') and match_keys.with_letters_as_digits(b) <> b
            then match_keys.phone_parts(match_keys.with_letters_as_digits(b)) else []::varchar[] end)))[1];
-- what may be numbers: five digits or more, not all the same
create or replace macro match_keys.phone_candidates(b) as
    list_sort(list_distinct(list_filter(match_keys.phone_runs(b), lambda n: length(ltrim(n, '+')) >= 5 and trim(ltrim(n, '+'), substr(ltrim(n, '+'), 1, 1)) <> '')));
-- whether digits stand beside the candidates: a house's number, a second number cut short
create or replace macro match_keys.has_rest(b) as len(list_distinct(match_keys.phone_runs(b))) > len(match_keys.phone_candidates(b));
-- of many digits, the last seven of whatever may be a first number: two numbers with a space between, a date behind one
create or replace macro match_keys.front_tails(b) as
    list_transform([regexp_extract_all(b, '[0-9]+')], lambda groups:
        list_filter(list_transform(generate_series(1, len(groups)), lambda i: match_keys.phone_tail(list_aggregate(groups[:i], 'string_agg', ''))),
            lambda t: length(t) = 7))[1];
-- whether nothing but a number was written, in the ways that numbers are
create or replace macro match_keys.is_plain_phone(b) as regexp_full_match(b, '\+?[0-9 ().-]+');
