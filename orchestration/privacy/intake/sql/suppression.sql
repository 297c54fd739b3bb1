create schema if not exists restricted;
create table if not exists restricted.warehouse_id (id varchar not null);
create table if not exists restricted.suppression_mark (entries bigint not null);
