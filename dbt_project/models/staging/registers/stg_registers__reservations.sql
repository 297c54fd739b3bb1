{{
    config(
        meta={
            "raw_count": {
                "reservasjonsregisteret": "count(*) filter (" ~ norwegian_reserves() ~ ")",
            }
        }
    )
}}

{%- set unmatched = [
    [
        "phone is null and (family_name is null or postal_code is null)",
        "nothing to match on",
        "nothing_to_match",
    ],
    ["version_on is null", "the name of its file tells no version date", "no_version_date"],
] %}

with
    entries as (
        select
            reservation_id as source_key,
            register,
            version_on,
            match_value as phone,
            given_name,
            family_name,
            street,
            postal_code,
            _deleted_at,
            _extracted_at,
            _load_id
        from {{ source("registers", "reservations") }}

        union all

        select
            {{ register_entry("nix_telefon", ["telefonnummer"]) }},
            telefonnummer,
            null,
            null,
            null,
            null,
            _deleted_at,
            _extracted_at,
            _load_id
        from {{ source("registers", "nix_telefon") }}

        union all

        select
            {{ register_entry("nix_adresserat", ["fornamn", "efternamn", "adress", "postnummer"]) }},
            null,
            fornamn,
            efternamn,
            adress,
            postnummer,
            _deleted_at,
            _extracted_at,
            _load_id
        from {{ source("registers", "nix_adresserat") }}

        union all

        select
            {{
                register_entry(
                    "reservasjonsregisteret", ["fornavn", "etternavn", "adresse", "postnummer", "telefon"]
                )
            }},
            case when {{ norwegian_phone() }} then telefon end,
            fornavn,
            case when {{ norwegian_post() }} then etternavn end,
            case when {{ norwegian_post() }} then adresse end,
            case when {{ norwegian_post() }} then postnummer end,
            _deleted_at,
            _extracted_at,
            _load_id
        from {{ source("registers", "reservasjonsregisteret") }}
        where {{ norwegian_reserves() }}

        union all

        select
            {{ register_entry("robinson", ["navn", "adresse", "postnr"]) }},
            null,
            null,
            {{ family_of("navn") }},
            adresse,
            postnr,
            _deleted_at,
            _extracted_at,
            _load_id
        from {{ source("registers", "robinson") }}
    )
select
    source_key,
    register,
    version_on,
    phone,
    given_name,
    family_name,
    street,
    postal_code,
    {{ staging_end("registers", unmatched) }}
from entries
