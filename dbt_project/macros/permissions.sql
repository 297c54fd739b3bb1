{#-
    A table of permissions is incremental by customer: worked out anew is whoever's inputs (model consent_inputs) are others
    than those that it was made with, which it notes in the same transaction, in identity.<table>_made_with.
-#}
{% macro permission_config() -%}
    {%- do ref("consent_inputs") -%}  {#- the hooks read it, and dbt sees only what is named while it parses -#}
    {{
        config(
            materialized="incremental",
            incremental_strategy="append",
            pre_hook="{{ forget_touched() }}",
            post_hook="{{ note_made_with() }}",
        )
    }}
{%- endmacro %}

{#- The table of customers that are worked out anew tonight; nothing where all are. -#}
{% macro touched_tonight() -%}
    {{ return("identity." ~ this.identifier ~ "_touched" if is_incremental() else none) }}
{%- endmacro %}

{% macro forget_touched() -%}
    {%- if is_incremental() -%}
        {%- set made_with = "identity." ~ this.identifier ~ "_made_with" -%}
        {{
            return(
                [
                    "create table if not exists " ~ made_with ~ " (customer_id varchar, digest ubigint)",
                    "create or replace table "
                    ~ touched_tonight()
                    ~ " as select coalesce(i.customer_id, m.customer_id) as customer_id from "
                    ~ ref("consent_inputs")
                    ~ " i full join "
                    ~ made_with
                    ~ " m on m.customer_id = i.customer_id where i.digest is distinct from m.digest",
                    "delete from "
                    ~ this
                    ~ " where customer_id in (select customer_id from "
                    ~ touched_tonight()
                    ~ ")",
                ]
                | join("; ")
            )
        }}
    {%- else -%} {{ return("select 1") }}
    {%- endif -%}
{%- endmacro %}

{% macro note_made_with() -%}
    {{
        return(
            "create or replace table identity."
            ~ this.identifier
            ~ "_made_with as select customer_id, digest from "
            ~ ref("consent_inputs")
            ~ "; drop table if exists identity."
            ~ this.identifier
            ~ "_touched"
        )
    }}
{%- endmacro %}

{#- A digest of the rules as they are written: macros with their settings, and both tables of permissions. -#}
{% macro consent_rules() -%}
    {%- set said = [
        consent_statements(),
        is_evidenced_grant(),
        lack_of_evidence(),
        obstacle_order("code"),
        is_address("s"),
        protected_reason_code("h"),
        reason_about("w.reason", "s.register"),
        in_order("at", "over", "key"),
        latest("value", "by"),
        earliest("value", "by"),
        packed(["value"]),
    ] -%}
    {%- for table in ["contact_permissions", "contact_permission_history"] if execute -%}
        {%- do said.append(graph.nodes["model." ~ project_name ~ "." ~ table].checksum.checksum) -%}
    {%- endfor -%}
    {{ return(local_md5(said | join)) }}
{%- endmacro %}

{#-
    What each record said, as CTEs `said`, `refused`, `pointed`, `inherited`, `void` and `objected`. Of grants by counts and
    sums of loads: a load changes no row without a newer number, so that they show every change, also of rows that are gone.
-#}
{% macro consent_digests() -%}
    said as (
        select
            person_system,
            person_key,
            count(*) as statements,
            sum(load_id) as loads,
            count(*) filter (coalesce(confirmed_at, stated_at) <= {{ as_of() }}) as begun,
            count(*) filter (expires_at > {{ as_of() }}) as unexpired
        from {{ ref("conformed_consent_events") }}
        where status = 'granted' and deleted_at is null
        group by 1, 2
    ),
    refused as (
        select
            person_system,
            person_key,
            sum(
                {{
                    hashed(
                        [
                            "source_system",
                            "source_key",
                            "contact_point",
                            "purpose",
                            "channel",
                            "stated_at",
                            "is_zoneless",
                            "load_id",
                        ]
                    )
                }}
            ) as statements
        from {{ source("identity", "withdrawals") }}
        group by 1, 2
    ),
    pointed as (
        select
            person_system,
            person_key,
            sum({{ hashed(["contact_point", "statements", "digest", "is_former"]) }}) as points
        from {{ source("identity", "point_holders") }}
        group by 1, 2
    ),
    objected as (
        select
            source_system,
            source_key,
            sum({{ hashed(["purpose", "channel", "stated_at", "request_id"]) }}) as objections
        from {{ source("identity", "objections") }}
        group by 1, 2
    ),
    inherited as (
        select
            h.person_system,
            h.person_key,
            sum({{ hashed(["h.gone_system", "h.gone_key", "r.statements", "j.objections"]) }}) as statements
        from {{ source("identity", "heirs") }} h
        left join refused r on r.person_system = h.gone_system and r.person_key = h.gone_key
        left join objected j on j.source_system = h.gone_system and j.source_key = h.gone_key
        group by 1, 2
    ),
    void as (
        select
            person_system,
            person_key,
            sum({{ hashed(["contact_point", "ends_at", "given_after", "reason_code"]) }}) as points
        from {{ source("identity", "void_grants") }}
        group by 1, 2
    )
{%- endmacro %}
