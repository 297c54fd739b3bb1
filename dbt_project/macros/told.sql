{#-
    What was set aside anywhere, summed up: out of staging, out of files, and rows that share a key with another.
    Sums only; the rows are in quarantine.quarantined_rows and quarantine.rejected_rows.
-#}
{% macro set_aside_union() -%}
    with
        counted as (select source_system, entity, raw_count from {{ ref("books") }}),
        -- of each raw table the newest delivery that had rows
        delivered as (
            select load_id, source, table_name, source_rows, rejected, duplicates
            from {{ source("ops", "loads") }}
            where source_rows > 0
            qualify row_number() over (partition by source, table_name order by load_id desc) = 1
        ),
        found as (
            select
                q.source_system,
                q.entity as table_name,
                q.kind,
                q.reason,
                min(q.reason_code) as reason_code,
                count(*) as row_count,
                count(a.digest) as acknowledged_count,
                any_value(c.raw_count) as of_count
            from {{ ref("quarantined_rows") }} q
            join counted c on c.source_system = q.source_system and c.entity = q.entity
            left join
                {{ source("ops", "acknowledged") }} a
                on a.digest = md5(concat_ws('|', q.source_system, q.entity, q.load_id, q.source_key))
            group by 1, 2, 3, 4
            union all
            select
                d.source,
                d.table_name,
                'rejected',
                r.reason || coalesce(': ' || r.column_name, ''),
                min(r.reason_code),
                count(*),
                0,
                any_value(d.source_rows)
            from delivered d
            join {{ source("quarantine", "rejected_rows") }} r on r.load_id = d.load_id
            -- a statement that another row of its key replaced is kept there too; it counts as a duplicate
            where d.rejected > 0 and r.reason_code != 'replaced'
            group by 1, 2, 3, 4
            union all
            select
                source,
                table_name,
                'duplicate',
                'its key comes again in the same delivery',
                'key_again',
                duplicates,
                0,
                source_rows
            from delivered
            where duplicates > 0
            {%- for entity, system in feeding_pairs() %}
                    {%- set node = (
                        graph.nodes["model." ~ project_name ~ "." ~ staged(system, entity)]
                        if execute
                        else none
                    ) -%}
                {%- if node and node.config.meta.get("shared_keys") %}
                    union all
                    select
                        '{{ system }}',
                        '{{ entity }}',
                        'shared key',
                        'its source_key is another row''s too, of which the newest stands',
                        'shared_key',
                        s.shared,
                        0,
                        s.shared + (
                            select raw_count
                            from counted
                            where source_system = '{{ system }}' and entity = '{{ entity }}'
                        )
                    from (select {{ node.config.meta["shared_keys"] }} as shared) s
                    where s.shared > 0
                {%- endif %}
            {%- endfor %}
        )
    select
        source_system,
        table_name,
        kind,
        reason,
        reason_code,
        cast(row_count as bigint) as row_count,
        cast(acknowledged_count as bigint) as acknowledged_count,
        cast(of_count as bigint) as of_count,
        cast(row_count as double) / nullif(of_count, 0) as share
    from found
{%- endmacro %}
