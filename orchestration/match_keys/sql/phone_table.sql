create schema if not exists identity;
create table if not exists identity.phone_numbers (
    phone varchar not null, country_code varchar not null, phone_key varchar, is_certain boolean not null, is_mobile boolean,
    readings varchar[] not null, denies varchar[] not null, denied_by varchar[] not null, number_country varchar, primary key (phone, country_code)
);
create table if not exists identity.phone_numbers_made_with (digest varchar not null, default_country varchar not null);
