-- Text and names. Not here: addresses of any kind (emails.sql, places.sql), dates of birth (births.sql).

-- without what is not seen: characters of format, fillers, joiners and selectors of a variant
create or replace macro match_keys.seen(s) as
    regexp_replace(s, '[\p{Cf}\x{34F}\x{115F}\x{1160}\x{17B4}\x{17B5}\x{180B}-\x{180F}\x{3164}\x{FE00}-\x{FE0F}\x{FFA0}]', '', 'g');
-- one form for text that looks the same: composed letters, no invisible characters, plain single spaces
create or replace macro match_keys.plain(s) as
    trim(regexp_replace(nfc_normalize(match_keys.seen(s)), '[\s\p{Z}\p{Cc}]+', ' ', 'g'));
-- %3C as <, where the bytes are text
create or replace macro match_keys.unescaped(s) as case when contains(s, '%') then coalesce(try(url_decode(s)), s) else s end;
-- digits of other scripts and of full width as those of ASCII
create or replace macro match_keys.ascii_digits(s) as
    translate(s, '０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९০১২৩৪৫৬৭৮৯๐๑๒๓๔๕๖๗๘๙', '012345678901234567890123456789012345678901234567890123456789');
-- letters of other scripts as the Latin ones that they look like
create or replace macro match_keys.latin_looks(s) as
    translate(s, 'АВЕЁКМНОРСТУХІЇЈЅԚԜаеёкморстухіїјѕһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαεικνορτυχɑɡ', 'ABEEKMHOPCTYXIIJSQWaeekmopctyxiijshdqwABEZHIKMNOPTYXaeikvoptuxag');
create or replace macro match_keys.has_looks(s) as regexp_matches(s, '[\x{251}\x{261}\x{370}-\x{52F}]');

-- letters and digits in lower case, Nordic letters and their two-letter spellings as one ASCII letter, all else a space
create or replace macro match_keys.folded(s) as
    regexp_replace(
        replace(replace(replace(replace(
            strip_accents(translate(
                replace(replace(replace(replace(lower(trim(match_keys.ascii_digits(match_keys.seen(s)))), 'þ', 'th'), 'ß', 'ss'), 'œ', 'o'), 'ĳ', 'ij'),
                'åäæöøðłđħıŋ', 'aaaoodldhin')),
            'aa', 'a'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u'),
        '[^\p{L}\p{N}]+', ' ', 'g');

-- the key of a record at its source as another system may write it: without invisible characters and blanks around it, and
-- without the .0 that a spreadsheet or a JSON number adds
create or replace macro match_keys.record_key(s) as
    nullif(regexp_replace(match_keys.plain(s), '^(-?[0-9]+)[.]0+$', '\1'), '');

-- the key of a name, a street or a city: folded words, null where there is none
create or replace macro match_keys.words_key(s) as nullif(trim(match_keys.folded(s)), '');

-- the same without spaces: Anna-Karin, Anna Karin and Annakarin
create or replace macro match_keys.joined_key(s) as nullif(replace(match_keys.folded(s), ' ', ''), '');

-- the words of a name, each once; empty where there is none
create or replace macro match_keys.words_of(s) as
    list_distinct(list_filter(string_split(coalesce(match_keys.folded(s), ''), ' '), lambda w: w <> ''));

-- the given names of one person, together and one by one: a system may have any of them
create or replace macro match_keys.given_keys(s) as
    case when match_keys.words_key(s) is null then []::varchar[] else list_distinct(list_prepend(match_keys.words_key(s), match_keys.words_of(s))) end;

-- a name without Jr. or Sr., and without what stands in brackets behind it: (flyttet)
create or replace macro match_keys.without_additions(s) as
    regexp_replace(regexp_replace(s, '\s*\([^)]*\)?\s*$', ''), '(?i)[ ,]+(?:jr|sr|junior|senior)[. ]*(,|$)', '\1');
-- the family name of a whole name: what stands before a comma, else the last word
create or replace macro match_keys.family_of(s) as
    list_transform([match_keys.without_additions(s)], lambda n:
        case when contains(n, ',') then trim(split_part(n, ',', 1)) else regexp_extract(trim(n), '[^\s]+$') end)[1];

-- the words of a name in their order; empty where there is none
create or replace macro match_keys.name_words(s) as
    list_filter(string_split(coalesce(match_keys.folded(s), ''), ' '), lambda w: w <> '');
-- words that stand before family names and are none: by von and Otto alone nobody is known
create or replace macro match_keys.is_particle(w) as
    w in ('von', 'vom', 'van', 'der', 'den', 'ter', 'ten', 'zu', 'zur', 'af', 'av', 'de', 'du', 'da', 'do', 'dos', 'das', 'del', 'di', 'la', 'le',
          'los', 'el', 'al', 'bin', 'bint', 'ibn', 'ben', 'abu', 'd', 'e', 'y', 'o', 'st', 'mc', 'mac');
-- the words of one name together and one by one: a system may have any of them
create or replace macro match_keys.name_parts(words) as
    list_distinct(list_append(list_filter(words, lambda w: not match_keys.is_particle(w)), array_to_string(words, ' ')));
-- one|other and other|one: systems swap the columns of given and family names, and write either first
create or replace macro match_keys.name_pairs(ones, others) as
    flatten(list_transform(list_filter(ones, lambda a: a <> ''), lambda a:
        flatten(list_transform(list_filter(others, lambda b: b <> ''), lambda b: [a || '|' || b, b || '|' || a]))));

-- the pairs of a whole name, wherever its parts meet: registers write all given names, people one, `von Berg` is Berg too, and
-- so is Berg-Ek. A hyphen joins: by their family name Berg-Ek alone twins are not known
create or replace macro match_keys.whole_name_keys(s) as
    list_transform([list_filter(list_transform(string_split(coalesce(match_keys.plain(
        list_transform([match_keys.without_additions(s)], lambda n:
            case when contains(n, ',') then split_part(n, ',', 2) || ' ' || split_part(n, ',', 1) else n end)[1]), ''), ' '),
        lambda token: match_keys.name_words(token)), lambda words: len(words) > 0)], lambda tokens:
        list_distinct(flatten(list_transform(range(1, len(tokens)), lambda i: match_keys.name_pairs(
            list_append(
                list_filter(flatten(list_transform(tokens[:i], lambda t: match_keys.name_parts(t))), lambda w: not match_keys.is_particle(w)),
                array_to_string(flatten(tokens[:i]), ' ')),
            case when i + 1 = len(tokens) then match_keys.name_parts(tokens[i + 1]) else [array_to_string(flatten(tokens[i + 1:]), ' ')] end)))))[1];
-- the pairs of a name whose parts stand in two columns: any given name with any part of the family name
create or replace macro match_keys.parted_name_keys(given, family) as
    list_distinct(match_keys.name_pairs(match_keys.name_parts(given), match_keys.name_parts(family)));

-- the words of a name in their order, each two neighbours without the space, and all of it: Anna Karin is Annakarin too
create or replace macro match_keys.name_forms(s) as
    list_transform([list_filter(string_split(coalesce(match_keys.folded(s), ''), ' '), lambda w: w <> '')], lambda words:
        list_distinct(list_filter(list_concat(words, list_transform(words, lambda w, i: w || words[i + 1]), [array_to_string(words, '')]),
            lambda f: f is not null and f <> '')))[1];
-- the first letters of each two neighbours: po of Per-Olof
create or replace macro match_keys.name_acronyms(s) as
    list_transform([list_filter(string_split(coalesce(match_keys.folded(s), ''), ' '), lambda w: w <> '')], lambda words:
        list_distinct(list_filter(list_transform(words, lambda w, i: left(w, 1) || left(words[i + 1], 1)), lambda a: a is not null)))[1];
create or replace macro match_keys.first_letters(words) as list_distinct(list_transform(words, lambda w: left(w, 1)));
-- of a table of (nickname, name): the names that each short form may stand for, as (given_word, given_forms)
create or replace macro match_keys.short_forms(nicknames) as table
    select match_keys.folded(nickname) as given_word, list_sort(list(distinct match_keys.folded(name))) as given_forms
    from query_table(nicknames) group by 1;
