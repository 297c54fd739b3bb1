create table if not exists identity.customer_source_records (
    customer_id varchar not null, record_id ubigint not null, source_system varchar not null, source_key varchar not null,
    valid_from timestamp not null, valid_to timestamp
);
create table if not exists identity.customer_identity_events (
    occurred_at timestamp not null, run_id varchar not null, kind varchar not null, from_customer_id varchar, to_customer_id varchar,
    record_count bigint not null, reason varchar not null, recorded_at timestamp not null
);
alter table identity.customer_identity_events add column if not exists edge varchar;
create table if not exists identity.customer_id_redirects (
    old_customer_id varchar primary key, customer_id varchar not null, since timestamp not null
);
