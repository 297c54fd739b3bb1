create schema if not exists identity;
create table if not exists {{ ledger }} (
    entity varchar not null, source_system varchar not null, source_key varchar, person_system varchar, person_key varchar,
    contact_point varchar, purpose varchar not null, channel varchar not null, stated_at timestamp not null,
    is_certain boolean not null, load_id bigint not null,
    is_zoneless boolean, -- whether stated_at came without an offset, from a source that states no timezone
    was_tied boolean, -- whether it was about somebody, or about a contact point that can be read, in some night
    is_over boolean -- whether its row granted, or was gone, after it: without a time, the row's next no is a new one
);
create table if not exists identity.withdrawals_read (
    relation varchar primary key, load_id bigint not null, reading varchar not null
);
create table if not exists identity.untied_withdrawals (
    source_system varchar not null, entity varchar not null, source_key varchar not null, load_id bigint not null, reason varchar not null,
    reason_code varchar not null, digest varchar not null
);
create or replace temp macro said_word(s) as
    nullif(lower(regexp_replace(s, '^[\s\p{Z}\p{C}]+|[\s\p{Z}\p{C}]+$', '', 'g')), '');
