create schema if not exists ops;
create table if not exists ops.publications (
    fingerprint varchar not null, project varchar not null, load_id bigint not null, run_id varchar not null,
    published_at timestamp not null
);
create table if not exists ops.built_with (part varchar primary key, project varchar not null);
