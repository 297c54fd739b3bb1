{#-
    Every row that staging set aside, from every system that feeds any entity. An incremental run reads the loads that were
    not published yet; what they bring anew, good or broken, is no longer what it was.
-#}
{% macro quarantine_union() -%}
    {{
        config(
            materialized="incremental",
            incremental_strategy="append",
            pre_hook="{{ forget_unpublished() }}",
        )
    }}
    {%- for seed in ["order_statuses", "channels"] -%} {%- do ref(seed) -%} {%- endfor -%}  {#- rules read them, and dbt sees only what is named while it parses -#}
    {%- for entity, system in feeding_pairs() %}
        {{ "union all" if not loop.first }}
        select
            source_system,
            '{{ entity }}' as entity,
            coalesce(
                source_key,
                'without a key, load ' || load_id || ', row ' || row_number() over (partition by source_key, load_id)
            ) as source_key,
            {{ set_aside_because(entity, ref(staged(system, entity))) }} as reason,
            {{ set_aside_because(entity, ref(staged(system, entity)), part="code") }} as reason_code,
            {{ kind_of_set_aside(entity) }} as kind,
            extracted_at,
            load_id
        from {{ ref(staged(system, entity)) }}
        where
            {{ set_aside_because(entity, ref(staged(system, entity))) }} is not null
            {%- if is_incremental() %} and load_id > {{ published_load() }} {%- endif %}
    {%- else %}
        select
            null::varchar as source_system,
            null::varchar as entity,
            null::varchar as source_key,
            null::varchar as reason,
            null::varchar as reason_code,
            null::varchar as kind,
            null::timestamp as extracted_at,
            null::bigint as load_id
        where false
    {%- endfor %}
{%- endmacro %}

{#-
    What a row that is set aside was: `withdrawal` and `grant` of statements, where what is not readably a grant denies;
    `register` of registers' standing entries: whoever one is about may be in an audience; `ignored` by a mapping, on purpose;
    else `row`.
-#}
{% macro kind_of_set_aside(entity) -%}
    case
        when quarantine_code = 'ignored'
        then 'ignored'
        {%- if entity == "consent_events" %} when {{ plain_word("status") }} = 'granted' then 'grant' else 'withdrawal'
        {%- elif entity == "email_events" %} when {{ is_harmless("kind") }} then 'row' else 'withdrawal'
        {%- elif entity in ("reservations", "address_updates") %} when deleted_at is null then 'register' else 'row'
        {%- else %} else 'row'
        {%- endif %}
    end
{%- endmacro %}

{#- Before an incremental run: rows of loads that were not published, and rows that came again since. -#}
{% macro forget_unpublished() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            load_id > {{ published_load() }}
            {%- for entity, system in feeding_pairs() %}
                or (
                    entity = '{{ entity }}'
                    and source_system = '{{ system }}'
                    and source_key
                    in (select source_key from {{ ref(staged(system, entity)) }} where load_id > {{ published_load() }})
                )
            {%- endfor %}
    {%- else -%} select 1
    {%- endif -%}
{%- endmacro %}

{#- [entity, system] of every staging model that feeds an entity. -#}
{% macro feeding_pairs() -%}
    {%- set pairs = [] -%}
    {%- for entity, systems in var("feeds").items() -%}
        {%- for system in systems -%} {%- do pairs.append([entity, system]) -%} {%- endfor -%}
    {%- endfor -%}
    {{ return(pairs) }}
{%- endmacro %}

{#- The books: what raw holds, against what stands in the conformed table and in quarantine. -#}
{#-
    How many rows raw holds for an entity, counted in raw itself. One a row, unless the staging model's meta says otherwise:
    `raw_rows`, a query that counts them, or `raw_count`, an expression on a raw table, or one for each that is not one to one.
-#}
{% macro raw_count(system, entity) -%}
    {%- do ref(staged(system, entity)) -%}
    {%- if execute -%}
        {%- set node = graph.nodes["model." ~ project_name ~ "." ~ staged(system, entity)] -%}
        {%- set said = node.config.meta.get("raw_count", {}) -%}
        {%- set counted = node.config.meta.get("raw_rows") -%}
        cast(
            {{ counted or 0 }}
            {%- for unique_id in node.depends_on.nodes if unique_id.startswith("source.") and ".ops." not in unique_id and not counted %}
                {%- set table = graph.sources[unique_id] -%}
                {%- set expression = said if said is string else said.get(table.name, "count(*)") %}
                + (select coalesce({{ expression }}, 0) from {{ source(table.source_name, table.name) }})
            {%- endfor %} as bigint
        )
    {%- else -%} 0
    {%- endif -%}
{%- endmacro %}

{% macro books_union() -%}
    with
        counted as (
            {%- for entity, system in feeding_pairs() %}
                {{ "union all" if not loop.first }}
                select
                    '{{ system }}' as source_system,
                    '{{ entity }}' as entity,
                    {{ raw_count(system, entity) }} as raw_count,
                    (
                        select count(*) from {{ ref("conformed_" ~ entity) }} where source_system = '{{ system }}'
                    ) as staged_count
            {%- else %}
                select
                    null::varchar as source_system,
                    null::varchar as entity,
                    0::bigint as raw_count,
                    0::bigint as staged_count
                where false
            {%- endfor %}
        ),
        set_aside as (
            select source_system, entity, count(*) as quarantined_count
            from {{ ref("quarantined_rows") }}
            group by source_system, entity
        )
    select
        c.source_system,
        c.entity,
        c.raw_count,
        c.staged_count,
        coalesce(q.quarantined_count, 0) as quarantined_count,
        c.raw_count = c.staged_count + coalesce(q.quarantined_count, 0) as is_balanced
    from counted c
    left join set_aside q using (source_system, entity)
{%- endmacro %}
