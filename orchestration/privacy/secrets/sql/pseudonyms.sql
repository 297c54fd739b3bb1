create table if not exists identity.customer_keys (customer_id varchar primary key, customer_key varchar not null unique);
create schema if not exists restricted;
create table if not exists restricted.former_customer_keys (customer_id varchar, customer_key varchar, versions varchar[] not null);
