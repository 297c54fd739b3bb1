create schema if not exists restricted;
create table if not exists restricted.exports (
    export_id varchar primary key, what varchar not null, exported_at timestamp not null, recipient varchar, content_hash varchar
);
alter table restricted.exports add column if not exists recipient varchar;
alter table restricted.exports add column if not exists content_hash varchar;
create table if not exists restricted.export_members (export_id varchar not null, keyed_hash varchar not null);
create table if not exists restricted.held_out (export_id varchar not null, keyed_hash varchar not null);
