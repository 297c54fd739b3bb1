create schema if not exists identity;
create table if not exists identity.shown_values (is_key boolean not null, value varchar not null, shown varchar not null);
