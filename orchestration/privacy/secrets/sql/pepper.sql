create schema if not exists restricted;
create table if not exists restricted.pepper_check (keyed_hash varchar not null);
