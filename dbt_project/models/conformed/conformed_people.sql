{{
    config(
        materialized="incremental",
        incremental_strategy="delete+insert",
        unique_key=["source_system", "source_key"],
        pre_hook="{{ forget_quarantined('people') }}",
    )
}}

{{ conformed_union("people") }}
