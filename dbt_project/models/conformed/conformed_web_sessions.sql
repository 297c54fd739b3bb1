{{
    config(
        materialized="incremental",
        incremental_strategy="delete+insert",
        unique_key=["source_system", "source_key"],
        pre_hook="{{ forget_quarantined('web_sessions') }}",
    )
}}

{{ conformed_union("web_sessions") }}
