create schema if not exists ops;
create table if not exists ops.runs (
    run_id varchar primary key, ended_at timestamp not null, problems varchar[] not null
);
