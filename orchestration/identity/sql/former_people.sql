-- `changed_at`: since when the key is another's; null while the record is gone, for its key may be given away yet
create schema if not exists identity;
create table if not exists identity.former_people (
    person_system varchar not null, person_key varchar not null, record_key varchar not null, given_key varchar, family_key varchar,
    birth_date date, email_key varchar, phone_key varchar, country_code varchar, changed_at timestamp, is_copied boolean not null
);
