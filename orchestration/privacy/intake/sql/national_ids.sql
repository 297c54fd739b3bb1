create schema if not exists restricted;
create table if not exists restricted.national_ids (
    source_system varchar not null, source_key varchar not null, country_code varchar not null, keyed_hash varchar not null,
    primary key (source_system, source_key)
);
