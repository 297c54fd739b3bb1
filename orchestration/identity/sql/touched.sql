create schema if not exists identity;
create table if not exists identity.touched_records (record_id ubigint not null);
create table if not exists identity.made_with (part varchar primary key, digest varchar not null);
