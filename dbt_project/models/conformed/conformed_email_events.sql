{{
    config(
        materialized="incremental",
        incremental_strategy="delete+insert",
        unique_key=["source_system", "source_key"],
        pre_hook="{{ forget_quarantined('email_events') }}",
    )
}}

{{ conformed_union("email_events") }}
