{{
    config(
        materialized="incremental",
        incremental_strategy="delete+insert",
        unique_key=["source_system", "source_key"],
        pre_hook="{{ forget_quarantined('survey_answers') }}",
    )
}}

{{ conformed_union("survey_answers") }}
