{#-
    SQL, an aggregate over the events of one message of one person: whether somebody read it. A click is reading; so is an opening
    that came later than programs open at once. Without a time of delivery every opening counts.
-#}
{% macro is_read(of="") -%}
    {%- set event = of ~ "." if of else "" -%}
    coalesce(
        count(*) filter ({{ event }}kind = 'clicked') > 0
        or max({{ event }}occurred_at) filter ({{ event }}kind = 'opened')
        > min({{ event }}occurred_at) filter ({{ event }}kind = 'delivered')
        + interval '{{ var("machine_open_seconds") }}' second,
        count(*) filter ({{ event }}kind = 'opened') > 0
    )
{%- endmacro %}
