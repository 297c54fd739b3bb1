create schema if not exists restricted;
create schema if not exists identity;
create table if not exists restricted.rights_requests (
    request_id varchar primary key, kind varchar not null, received_at timestamp not null, due_on date not null,
    subject varchar not null, state varchar not null, closed_at timestamp, reference varchar,
    extended_to date, extension_ground varchar, asked_by varchar
);
alter table restricted.rights_requests add column if not exists reference varchar;
alter table restricted.rights_requests add column if not exists extended_to date;
alter table restricted.rights_requests add column if not exists extension_ground varchar;
alter table restricted.rights_requests add column if not exists asked_by varchar;
create table if not exists identity.objections (
    source_system varchar not null, source_key varchar not null, stated_at timestamp not null, request_id varchar not null,
    purpose varchar, channel varchar
);
create table if not exists identity.restrictions (
    source_system varchar not null, source_key varchar not null, since timestamp not null, request_id varchar not null
);
create table if not exists identity.held_records (
    source_system varchar not null, source_key varchar not null
);
create table if not exists identity.corrections (
    source_system varchar not null, source_key varchar not null, field varchar not null, value varchar, corrected_at timestamp not null,
    request_id varchar not null, earlier struct(value varchar, corrected_at timestamp)[], primary key (source_system, source_key, field)
);
alter table identity.corrections add column if not exists earlier struct(value varchar, corrected_at timestamp)[];
