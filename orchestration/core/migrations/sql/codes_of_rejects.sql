-- rows that were rejected before reasons had codes: what they say today is told by the code alone
create schema if not exists quarantine;
create table if not exists quarantine.rejected_rows (
    load_id bigint not null, source varchar not null, table_name varchar not null, file varchar, line bigint,
    column_name varchar, reason varchar not null, reason_code varchar not null default 'unknown', content varchar
);
alter table quarantine.rejected_rows add column if not exists reason_code varchar;
update quarantine.rejected_rows as r set reason_code = k.code from (values
    ('not of the declared type', 'not_of_type'), ('beyond the declared type', 'beyond_type'), ('nested too deep', 'nested_too_deep'),
    ('no valid text', 'no_valid_text'), ('not UTF-8', 'not_utf_8'), ('not a JSON object', 'not_an_object'),
    ('time before all calendars', 'before_all_calendars'), ('cursor in the future', 'cursor_in_future'),
    ('the header line again', 'header_again'), ('replaced by another row of its key', 'replaced'),
    ('cast', 'cast'), ('missing columns', 'missing_columns'), ('too many columns', 'too_many_columns'),
    ('unquoted value', 'unquoted_value'), ('line size over maximum', 'line_size_over_maximum'),
    ('invalid encoding', 'invalid_encoding'), ('invalid state', 'invalid_state')
) k(words, code) where r.reason = k.words and r.reason_code is null;
update quarantine.rejected_rows set reason_code = 'unknown' where reason_code is null;
