create table if not exists identity.latin_names (written varchar primary key, latin varchar not null);
create or replace macro identity.without_title(s) as regexp_replace(s, '^(?:{{ titles }}) ', '');
