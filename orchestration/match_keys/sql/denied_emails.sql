-- Email addresses in denials, which are read by more than grants: in disguise, in marks, cut into parts. Not here: what an
-- address certainly is (emails.sql).

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
        .regexp_replace('(@[\p{L}\p{M}\p{N}-]+)\s*[,;:·。．\s]\s*((?:{{ endings }})(?:[^\p{L}\p{N}@.-]|$))', '\1.\2', 'gi')
        .regexp_replace('(@[\p{L}\p{M}\p{N}-]+)(?:\s+\.\s*|\.\s+)((?:{{ endings }})(?:[^\p{L}\p{N}@.-]|$))', '\1.\2', 'gi');
-- words by which systems and people mark an address that is used no more: before it, or behind it
create or replace macro match_keys.marking_words() as
    '(?:old|bak|backup|deleted?|removed?|inactive|invalid|disabled|deactivated|expired|archived?|closed|bounced?|former|previous|prev|obsolete|dead|void|unsub|unsubscribed?|opt-?out|no-?mail|stop|blocked|suppressed|dup|duplicate|dublett|tmp|temp|orig|copy|x{2,4}|z{2,4}|gammal|gammel|vanha|borttagen|raderad|slettet|poistettu|inaktiv|ogiltig|ugyldig|utgått|utgatt|avslutad|avregistrerad|avmeldt|afmeldt|flyttad|flyttet|slutat|sluttet)';
-- an address without what is written around it in one word, and may be none of it: a control character as \t, a suffix of the
-- domain (.old, a number, a day), a bullet or a prefix (-, 1., deleted_), a mark at the end of the local part
create or replace macro match_keys.unmarked_address(r) as
    (r)
        .regexp_replace('\\+(?:[tnrfv0]|u00[0-9a-fA-F]{2}|x[0-9a-fA-F]{2})', ' ', 'g')
        .regexp_replace('(@[^\s<>()\[\]{}",;:|\\/@]*?\.\p{L}{2,})(?:[._-]+' || match_keys.marking_words() || '[0-9]*|[._-]*[+]?[0-9][0-9.+-]*)+([\s<>()\[\]{}",;:|\\/]|$)', '\1\2', 'gi')
        .regexp_replace('(@[^\s<>()\[\]{}",;:|\\/@]*?\.(?:{{ endings }}))\.\p{L}{3,}([\s<>()\[\]{}",;:|\\/]|$)', '\1\2', 'gi')
        .regexp_replace('(^|[\s<>()\[\]{}",;:|\\/])(?:[\p{No}_+%^*~-]|[0-9]{1,2}[.)_-]+|' || match_keys.marking_words() || '[._+-]+(?:[0-9]+[._+-]+)*)+([\p{L}\p{N}][^\s<>()\[\]{}",;:|\\/@]*@)', '\1\2', 'gi')
        .regexp_replace('(?:[._+-]+(?:' || match_keys.marking_words() || '[0-9]*)?)+@', '@', 'gi');
create or replace macro match_keys.is_unmarked(s) as
    match_keys.is_plain_address(s) and not regexp_matches(s, '(?i)%|^(?:[0-9]{1,2}[._-]|_|' || match_keys.marking_words() || '[._+-])|[._+-](?:' || match_keys.marking_words() || '[0-9]*)?@|\.(?:{{ endings }})\.[a-z]{3,}$');
-- all that an address and what it reveals may name
create or replace macro match_keys.denied_readings(s, r) as
    flatten(list_transform([s, r, match_keys.unmarked_address(r)], lambda v: match_keys.email_readings(v)));
-- text that cannot hold an address: letters, digits and gaps, and no word for @. A number or a street needs none of the readings below
create or replace macro match_keys.has_no_address(s) as
    regexp_full_match(s, '[0-9 +().-]*|[\p{L}\p{N} .,/+-]*') and not regexp_matches(s, '(?i)(?:^| )(?:at|snabel-?a|krøllalfa|alfakrøll)(?: |$)');
-- every address that a denial may name, as keys: a denial is read by more than a grant
create or replace macro match_keys.denied_addresses(s) as
    case when match_keys.is_unmarked(s) then [match_keys.plain_address_key(s)]
        when match_keys.has_no_address(s) then []::varchar[]
        else list_transform([match_keys.revealed_address(s)], lambda r: list_sort(list_distinct(match_keys.denied_readings(s, r))))[1] end;
-- the same of whoever may be somebody who was erased: with letters of other scripts as those that they look like
create or replace macro match_keys.suppressed_addresses(s) as
    list_concat(match_keys.denied_addresses(s), case when match_keys.has_looks(s) then match_keys.denied_addresses(match_keys.latin_looks(s)) else []::varchar[] end);

-- of an address with what stands before it (anna.berg, bo.ny@x.se): each word at the domain
create or replace macro match_keys.words_before(chunk) as
    list_filter(string_split_regex(split_part(chunk, '@', 1), '[^\p{L}\p{M}\p{N}._%+''-]+'), lambda t: regexp_matches(t, '[\p{L}\p{N}]'));
create or replace macro match_keys.words_at(words, domain) as
    list_transform(words, lambda t: match_keys.written_address_key(t || '@' || domain));
-- text in lower case without the names and labels that stand before addresses, and are none
create or replace macro match_keys.without_labels(r) as
    (lower(match_keys.one_apostrophe(match_keys.of_one_width(r))))
        .regexp_replace('(^|[;>]\s*)(?:"[^"@<>]*"|(?:(?:\p{L}[.]-?){1,4}|[\p{L}\p{M}''’-]+[.]?)(?:[ ,]+(?:(?:\p{L}[.]-?){1,4}|[\p{L}\p{M}''’-]+[.]?))*)\s*[<(\[]\s*([^\s<>()\[\]{}",;:|\\/@]+@)', '\1 \2', 'g')
        .regexp_replace('(^|[^\p{L}\p{N}._@-])(?:e-?post(?:adress)?|e-?mail|e-?mejl|mejl|mail|mailto|address?e?|sähköposti|kontakt|contact|privat|private|hem|hjem|home|koti|jobb|job|work|arbete|arbeid|arbejde|työ)(?:[)\]]?\s*[:=]|\s)', '\1 ; ', 'g');
-- of a local part that a gap or a sign cuts (alva .ek@x.se), the whole too: with a dot for the gap, and without
create or replace macro match_keys.with_joined(words) as
    list_concat(words, case when len(words) > 1 then [words[-2] || words[-1], regexp_replace(words[-2] || '.' || words[-1], '[.]+', '.', 'g')] else []::varchar[] end);
create or replace macro match_keys.local_parts_beside(r) as
    list_transform([nfc_normalize(match_keys.decoded(match_keys.without_labels(r)))], lambda w: list_concat(
        flatten(list_transform(regexp_extract_all(w, '[^@]*@[\p{L}\p{M}\p{N}_-]+(?:\.[\p{L}\p{M}\p{N}_-]+)+'), lambda chunk:
            list_transform([match_keys.words_before(chunk)], lambda words: match_keys.words_at(match_keys.with_joined(words), split_part(chunk, '@', 2)))[1])),
        -- behind the last one, words with a dot within
        match_keys.words_at(
            regexp_extract_all(regexp_replace(w, '^.*@[\p{L}\p{M}\p{N}_-]+(?:\.[\p{L}\p{M}\p{N}_-]+)+', ''), '[\p{L}\p{N}]+[._]\p{L}[\p{L}\p{M}\p{N}._-]*'),
            regexp_extract(w, '^.*@([\p{L}\p{M}\p{N}_-]+(?:\.[\p{L}\p{M}\p{N}_-]+)+)', 1))))[1];
-- every address that a withdrawn contact point may name: words beside an address may be local parts at its domain, or a part of its own
create or replace macro match_keys.read_withdrawn_addresses(s) as
    list_transform([match_keys.revealed_address(s)], lambda r: list_sort(list_distinct(list_concat(
        match_keys.denied_readings(s, r), match_keys.local_parts_beside(r)))))[1];
create or replace macro match_keys.withdrawn_addresses(s) as
    case when match_keys.is_unmarked(s) then [match_keys.plain_address_key(s)]
        when match_keys.has_no_address(s) then []::varchar[]
        else match_keys.read_withdrawn_addresses(s) end;
