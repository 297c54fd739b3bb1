create schema if not exists restricted;
create table if not exists restricted.exported_points (
    recipient varchar not null, audience varchar not null, purpose varchar not null, channel varchar not null,
    reference varchar not null, customer_hash varchar, point_hash varchar, exported_at timestamp not null, told_at timestamp
);
