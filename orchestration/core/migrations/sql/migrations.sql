create schema if not exists ops;
create table if not exists ops.home (
    schema_version integer not null, program varchar not null, shape json not null,
    noted_at timestamp not null default current_timestamp
);
