-- Countries, postal codes and streets. `countries` and `codes` are put in from countries.csv.

-- names and key stand in the plan once: text this long, and what is folded, are slow to plan
create or replace macro match_keys.country_named(k) as
    list_transform([{'names': {{ countries }}, 'sought': '|' || k || '='}],
        lambda p: substr(p.names, nullif(instr(p.names, p.sought), 0) + length(p.sought), 2))[1];
-- ISO 3166 alpha-2 of a code or a name in the Nordic languages, English and others; null where it is not known
create or replace macro match_keys.country_code(s) as
    case when length(s) = 2 and contains({{ codes }}, '|' || upper(s) || '|') then upper(s)
        when s in ('Sverige', 'Sweden', 'SWE') then 'SE' when s in ('Norge', 'Norway', 'NOR') then 'NO'
        when s in ('Danmark', 'Denmark', 'DNK') then 'DK' when s in ('Finland', 'Suomi', 'FIN') then 'FI'
        else match_keys.country_named(match_keys.joined_key(s)) end;

create or replace macro match_keys.postal_digits(country) as
    case when country in ('SE', 'FI', 'AX', 'DE', 'EE', 'LT', 'FR', 'IT', 'ES', 'PL', 'CZ', 'SK', 'US') then 5
        when country in ('NO', 'DK', 'SJ', 'GL', 'CH', 'AT', 'BE', 'LU') then 4 when country in ('IS', 'FO') then 3 else 0 end;
-- the code in what is written with its town (151 33 Södertälje, 1430 Ås); two capitals behind digits are Dutch (1234 AB).
-- What is repeated in a macro is planned many times over: no condition on the country here. A class of all letters is slow to
-- plan: each is å here, but for ı and ſ, whose capitals are of ASCII
create or replace macro match_keys.postal_alone(p) as
    regexp_replace(regexp_replace(p, '[^\P{L}A-Za-zıſ]', 'å', 'g'), '^(?:[A-Za-z]{1,3}[- ]?)?([0-9]{3} ?[0-9]{2}|[0-9]{2,6})[ ,]+(?:[A-Za-zåıſ]|[A-Za-zåıſ]{3,}.*|(?:[A-Za-zåıſ][^A-Z\s\d]|[^A-Z\s\d][A-Za-zåıſ])(?:[^A-Za-zåıſ].*)?)$', '\1');
-- letters and digits; a country before the digits (NO-0150, N-0150, SE-114 55) and a spreadsheet's .0 are no part of it
create or replace macro match_keys.postal_letters(s) as
    regexp_replace(regexp_replace(upper(match_keys.postal_alone(regexp_replace(match_keys.plain(match_keys.ascii_digits(s)), '^([0-9]+)[.,]0+$', '\1'))), '[^0-9A-Z]', '', 'g'),
        '^[A-Z]{1,3}([0-9]{2,6})$', '\1');
create or replace macro match_keys.postal_padded(k, digits) as
    case when regexp_full_match(k, '[0-9]+') and length(k) < digits and length(k) >= digits - 2 then lpad(k, digits, '0') else k end;
-- the key of a postal code in a country (alpha-2 or null), which says how many digits it has: leading zeros come back
create or replace macro match_keys.postal_key(s, country) as
    list_filter(list_transform([{'letters': match_keys.postal_letters(s), 'country': country}],
        lambda p: match_keys.postal_padded(p.letters, match_keys.postal_digits(p.country))), lambda k: k <> '')[1];
-- whether a key has the form of the country's codes, as far as it is known
create or replace macro match_keys.is_postal_key(k, country) as
    match_keys.postal_digits(country) = 0 or regexp_full_match(k, '[0-9]+') and length(k) = match_keys.postal_digits(country);

create or replace macro match_keys.street_number(street_key) as nullif(regexp_extract(street_key, '[0-9]+'), '');
-- a post box by one name: Pb 12, P.B. 12, Postboks 12, P.O. Box 12
create or replace macro match_keys.one_box(street_key) as
    regexp_replace(street_key, '(^| )(?:p ?o ?box|p ?b|post ?bo(?:ks|x)|boks|fack) ?([0-9])', '\1box \2', 'g');
-- the words of a folded text, which has letters, numbers and spaces: where each number that is no digit is ², what is none of
-- them is a letter. A class of all letters is slow to plan
create or replace macro match_keys.street_words(street_key) as
    string_split(regexp_replace(regexp_replace(regexp_replace(match_keys.one_box(street_key), '[^\P{N}0-9]', '²', 'g'), '([^0-9² ]{4,})([0-9])', '\1 \2', 'g'), '^([^0-9² ]{1,3})([0-9])', '\1 \2'), ' ');
-- the houses behind the first of a range (12-14, 12A-14B), on its side of the street
create or replace macro match_keys.range_end(rest) as
    try_cast(regexp_extract(rest, '^[0-9]{1,3} ?[a-z]? ([0-9]{1,3}) ?(?:[a-z]?$|[a-z]? )', 1) as int);
create or replace macro match_keys.range_houses(rest) as
    list_transform([{'first': try_cast(regexp_extract(rest, '^[0-9]{1,3}') as int), 'last': match_keys.range_end(rest)}], lambda r:
        case when r.last - r.first between 1 and 10
            then range(r.first, r.last + 1, case when (r.last - r.first) % 2 = 0 then 2 else 1 end) else []::bigint[] end)[1];
create or replace macro match_keys.is_street_word(w) as
    regexp_full_match(w, '[^0-9²]{2,}') and w not in ('lgh', 'lagenhet', 'lghnr', 'leil', 'leilighet', 'bolig', 'ap', 'apt', 'bst', 'as', 'tr', 'trp', 'etg', 'etasje', 'sal', 'van', 'co', 'flyttat', 'flyttad', 'flyttet');
create or replace macro match_keys.range_marks(words) as
    flatten(list_transform(words, lambda w, i: case when match_keys.is_street_word(w) and regexp_matches(words[i + 1], '^[0-9]')
        then list_transform(match_keys.range_houses(array_to_string(words[i + 1:], ' ')), lambda n: left(w, 3) || n::varchar) else []::varchar[] end));
create or replace macro match_keys.long_marks(words) as
    list_filter(list_transform(words, lambda w, i: case when match_keys.is_street_word(w)
        then left(w, 3) || regexp_extract(array_to_string(words[i + 1:], ' '), '(?:^| )0*([0-9]+)', 1) end), lambda m: m is not null);
-- streets of a letter or two (Å 7, Ås 7): the word before a number, marked by a dot
create or replace macro match_keys.short_marks(words) as
    list_filter(list_transform(words, lambda w, i: case when regexp_full_match(w, '[^0-9²]{1,2}') and regexp_matches(words[i + 1], '^[0-9]')
        then '.' || w || regexp_extract(words[i + 1], '^[0-9]+') end), lambda m: m is not null);
-- a short word and the next as one: Å gatan for Ågatan
create or replace macro match_keys.joined_marks(words) as
    list_filter(list_transform(words, lambda w, i: case when regexp_full_match(w, '[^0-9²]{1,2}') and match_keys.is_street_word(words[i + 1])
        then left(w || words[i + 1], 3) || regexp_extract(array_to_string(words[i + 2:], ' '), '(?:^| )0*([0-9]+)', 1) end), lambda m: m is not null);
-- where nothing else is written
create or replace macro match_keys.bare_marks(words) as
    list_transform(list_filter(words, lambda w: regexp_full_match(w, '[^0-9²]{1,2}')), lambda w: '.' || w);
-- where a street may stand in the key of what was written, whatever stands before it (c/o, a flat, a floor): the first three
-- letters of each word with the number that follows it
create or replace macro match_keys.street_marks(street_key) as
    list_transform([match_keys.street_words(street_key)], lambda words:
        list_transform([list_concat(match_keys.long_marks(words), match_keys.joined_marks(words), match_keys.short_marks(words), match_keys.range_marks(words))], lambda marks:
            list_sort(list_distinct(case when len(marks) > 0 then marks else match_keys.bare_marks(words) end)))[1])[1];
create or replace macro match_keys.mark_letters(marks) as list_transform(marks, lambda m: rtrim(m, '0123456789'));
-- a flat (H0301) is no house's number
create or replace macro match_keys.has_number(marks) as
    list_transform([list_filter(marks, lambda m: not starts_with(m, '.'))], lambda words:
        regexp_matches(array_to_string(case when len(words) > 0 then words else marks end, ' '), '[0-9]'))[1];
-- whether two lists of marks may be of one street and house; where one has no number, the street is enough
create or replace macro match_keys.same_street(a, b) as
    coalesce(list_has_any(a, b) or ((not match_keys.has_number(a) or not match_keys.has_number(b))
        and list_has_any(match_keys.mark_letters(a), match_keys.mark_letters(b))), false);
-- the postal codes that an address in one line may hold: four or five digits, with a space or not. The number of a box is none
create or replace macro match_keys.postal_keys_in(s) as
    list_distinct(list_transform(regexp_extract_all(
        regexp_replace(match_keys.plain(match_keys.ascii_digits(s)), '\b(?:(?:post)?(?:boks|box|fack)|p[ .]*b)[ .:]*[0-9]{1,5}\b', ' ', 'gi'), '\b(?:[0-9]{3} [0-9]{2}|[0-9]{4,5})\b'), lambda d: replace(d, ' ', '')));
-- the countries (alpha-2) that an address in one line may name: its last part or its last word (Norge), or letters before a
-- postal code (NO-0150). Words of two letters are no country behind a town (1430 As)
create or replace macro match_keys.letters_country(letters) as
    case upper(letters) when 'N' then 'NO' when 'S' then 'SE' when 'D' then 'DE' else match_keys.country_code(letters) end;
create or replace macro match_keys.address_countries(s) as
    list_transform([match_keys.plain(regexp_replace(s, '[\r\n]+', ', ', 'g'))], lambda line:
        list_distinct(list_filter(list_concat(
            list_transform([regexp_extract(line, '([^,;()]*)[ .,;()]*$', 1), regexp_extract(line, '(\p{L}{4,})[ .,;()]*$', 1)],
                lambda words: match_keys.country_code(trim(words, ' .'))),
            list_transform(regexp_extract_all(line, '(?:^|[ ,;])([A-Za-z]{1,3}-|[A-Za-z]{2,3} )(?:[0-9]{3} [0-9]{2}|[0-9]{3,5})\b', 1),
                lambda letters: match_keys.letters_country(rtrim(letters, ' -')))),
            lambda country: country is not null)))[1];

-- a contact point that is a postal address, as keys that two spellings of one address have in common: its postal code with the
-- street and house, or with the first line where no house has a number; the whole text, for codes with letters. Empty where
-- it is none
create or replace macro match_keys.house_keys(marks, line) as
    list_concat(list_filter(marks, lambda m: regexp_matches(m, '[0-9]')), list_filter(['=' || replace(match_keys.one_box(line), ' ', '')], lambda k: k is not null));
create or replace macro match_keys.place_keys(s) as
    case when regexp_matches(s, '\p{L}{2}') and regexp_matches(s, '[0-9]') and (not contains(s, '@') or regexp_matches(s, '[\s,;]')) then
        list_transform([{'houses': match_keys.house_keys(
            match_keys.street_marks(match_keys.words_key(regexp_replace(match_keys.plain(match_keys.ascii_digits(s)), '\b(?:[0-9]{3} [0-9]{2}|[0-9]{4,5})\b', ' ', 'g'))),
            match_keys.words_key(string_split_regex(s, '[,;\r\n]+')[1])), 'whole': match_keys.joined_key(s)}], lambda p:
            list_concat(
                flatten(list_transform(match_keys.postal_keys_in(s), lambda code: list_transform(p.houses, lambda h: 'post:' || code || ':' || h))),
                list_filter(['post:=' || p.whole], lambda k: length(k) >= 14)))[1]
        else []::varchar[] end;
