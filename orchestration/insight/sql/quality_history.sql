-- Nights and what was counted in each: kept, for no rebuild can tell how things stood then.
create schema if not exists ops;
create table if not exists ops.nights (
    run_id varchar primary key, as_of timestamp not null, noted_at timestamp not null,
    outcome varchar not null -- published, unchanged, held, broken off
);
create table if not exists ops.night_counts (
    run_id varchar not null, area varchar not null, source_system varchar not null, subject varchar not null,
    record_count bigint not null, affected_count bigint not null, newest_at timestamp,
    primary key (run_id, area, source_system, subject)
);
