create schema if not exists ops;
create schema if not exists quarantine;
create sequence if not exists ops.load_ids;
create table if not exists ops.loads (
    load_id bigint primary key, source varchar not null, table_name varchar not null, loaded_at timestamp not null,
    source_rows bigint not null, inserted bigint not null, updated bigint not null, unchanged bigint not null,
    duplicates bigint not null, rejected bigint not null, deleted bigint not null, added_columns varchar[],
    way varchar -- how it was read
);
create table if not exists ops.loaded_files (
    source varchar not null, table_name varchar not null, file varchar not null, size bigint not null,
    modified_ns bigint not null, sha256 varchar not null, load_id bigint not null,
    noted_at timestamp, -- a path may bring earlier bytes again
    primary key (source, table_name, file, sha256)
);
create table if not exists ops.statement_tables ( -- raw tables that told what people want, for when they come no more
    source varchar not null, table_name varchar not null, primary key (source, table_name)
);
create table if not exists quarantine.rejected_rows (
    load_id bigint not null, source varchar not null, table_name varchar not null, file varchar, line bigint,
    column_name varchar, reason varchar not null, reason_code varchar not null default 'unknown', content varchar
);
create table if not exists ops.removed_values (
    load_id bigint not null, source varchar not null, table_name varchar not null, column_name varchar not null,
    category varchar not null, removed bigint not null
);
create table if not exists ops.acknowledged (
    digest varchar primary key, acknowledged_at timestamp not null, note varchar not null
);
create table if not exists ops.source_status (
    source varchar primary key, checked_at timestamp not null, is_ok boolean not null, message varchar, since timestamp
);
create table if not exists ops.read_again ( -- what people asked to be read though it was read
    source varchar not null, table_name varchar not null, since timestamp, asked_at timestamp not null,
    primary key (source, table_name)
);
create table if not exists ops.place_statistics ( -- official statistics: no person's
    country_code varchar not null, area_kind varchar not null, area_code varchar not null, year integer not null,
    measure varchar not null, value double, -- null where the office gives no figure
    source varchar not null, licence varchar not null, loaded_from varchar not null, loaded_at timestamp not null,
    primary key (country_code, area_kind, measure, area_code, year)
);
