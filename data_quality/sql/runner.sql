create schema if not exists ops;
create table if not exists ops.check_results (
    run_id varchar not null, stage varchar not null, table_name varchar not null, check_name varchar not null, severity varchar not null,
    passed boolean not null, observed json, checked_at timestamp not null
);
create table if not exists ops.table_counts (run_id varchar not null, table_name varchar not null, row_count bigint not null, counted_at timestamp not null);
