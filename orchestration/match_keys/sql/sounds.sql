-- Names by how they sound and look, for matches that deny, hide or suppress: Kristina is Christina, Lindqvist is Lindkvist.
-- Not here: the names by which records are joined, and grants permit (names.sql).

-- folded words by their sound, in any of the Nordic spellings: qu, q, c, ch and ck as k; w and v as f, as ph is; th, dt; z, x; y and
-- j as i; h that is not heard; double letters. The same of what was folded before
create or replace macro match_keys.sounds(words) as
    (words)
        .replace('qu', 'kv').replace('q', 'k').replace('sch', 's').replace('sh', 's').replace('ck', 'k').replace('ch', 'k')
        .replace('ph', 'f').replace('w', 'f').replace('v', 'f').replace('th', 't').replace('dt', 't').replace('z', 's').replace('x', 'ks')
        .regexp_replace('c([eiy])', 's\1', 'g').replace('c', 'k').replace('hj', 'i').translate('yj', 'ii').replace('ie', 'i')
        .regexp_replace('([^ |])h([^aeiou]|$)', '\1\2', 'g').regexp_replace('([bdgknprt])h', '\1', 'g')
        .replace('aa', 'a').replace('bb', 'b').replace('dd', 'd').replace('ee', 'e').replace('ff', 'f').replace('gg', 'g').replace('ii', 'i')
        .replace('kk', 'k').replace('ll', 'l').replace('mm', 'm').replace('nn', 'n').replace('oo', 'o').replace('pp', 'p').replace('rr', 'r')
        .replace('ss', 's').replace('ss', 's').replace('tt', 't').replace('uu', 'u');

-- pairs of names (one|other) with the sound of each, which is marked: it equals no name
create or replace macro match_keys.with_sounds(names) as
    list_transform([names], lambda n: list_distinct(list_concat(n, list_transform(n, lambda w: '~' || replace(match_keys.sounds(w), ' ', '')))))[1];
-- the first letters of words by their sound: C. is K.
create or replace macro match_keys.first_sounds(words) as list_distinct(list_transform(words, lambda w: match_keys.sounds(left(w, 1))));
-- the forms of a name, and those of its sound
create or replace macro match_keys.alike_forms(s) as
    list_transform([list_concat(match_keys.name_forms(s), case when match_keys.has_looks(s) then match_keys.name_forms(match_keys.latin_looks(s)) else []::varchar[] end)],
        lambda n: list_distinct(list_concat(n, list_transform(n, lambda f: match_keys.sounds(f)))))[1];

-- first letters in place of given names, with each part of the family name: A Berg, P-O Berg, PO Berg. Of whoever is known by the
-- whole name alone: by the letters that a row has, its person is not known
create or replace macro match_keys.initial_keys(given, family) as
    list_transform([{'given': match_keys.name_words(given), 'letters': match_keys.name_acronyms(given), 'family': match_keys.name_parts(match_keys.name_words(match_keys.without_additions(family)))}], lambda n:
        flatten(list_transform(list_filter(list_concat(match_keys.first_letters(list_filter(n.given, lambda w: length(w) > 1)), n.letters), lambda l: l <> ''), lambda l:
            list_transform(list_filter(n.family, lambda f: length(f) > 1), lambda f: l || '|' || f))))[1];
-- the given names of a whole name: what its family name leaves
create or replace macro match_keys.given_of(s) as
    list_transform([match_keys.without_additions(s)], lambda n:
        case when contains(n, ',') then trim(split_part(n, ',', 2)) else regexp_replace(trim(n), '\s*[^\s]+$', '') end)[1];
