-- records that are gone, whose key is another's, or that no conformed table has, and that a withdrawal names by their key, or by a
-- contact point that they had. Expects `denied_tokens`
create or replace temp table gone_people as
select * from (
    select source_system, source_key, given_name, family_name, full_name, birth_date, email, phone, country_code
    from conformed.conformed_people where deleted_at is not null
    union all
    select person_system, person_key, given_key, family_key, null, birth_date, email_key, phone_key, country_code
    from identity.former_people where changed_at is not null
    union all
    select * exclude (is_said) from absent_people
)
where (source_system, source_key) in (
    select (person_system, person_key) from {{ ledger }}
    union all select (h.person_system, h.person_key) from identity.held_points h join denied_tokens using (token)
);
