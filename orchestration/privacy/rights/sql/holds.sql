create schema if not exists restricted;
create table if not exists restricted.legal_holds (
    hold_id varchar primary key, ground varchar not null, note varchar, until_on date not null, placed_at timestamp not null,
    placed_by varchar not null
);
create table if not exists restricted.legal_hold_keys (hold_id varchar not null, kind varchar not null, keyed_hash varchar not null);
