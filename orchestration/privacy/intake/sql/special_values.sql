create schema if not exists identity;
create table if not exists identity.special_values (value varchar not null, category varchar not null);
