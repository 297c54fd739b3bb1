create schema if not exists identity;
create table if not exists identity.decisions (
    left_system varchar not null, left_key varchar not null, right_system varchar not null, right_key varchar not null,
    verdict varchar not null check (verdict in ('same', 'different')),
    decided_at timestamp not null, decided_by varchar not null, note varchar not null,
    primary key (left_system, left_key, right_system, right_key)
);
create table if not exists identity.standing_decisions (left_id ubigint, right_id ubigint, verdict varchar);
