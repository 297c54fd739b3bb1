{#- The moment that the night describes, UTC. Every age and window counts from here, so a rerun gives the same answer. -#}
{% macro as_of() -%} (select as_of from {{ source("ops", "clock") }}) {%- endmacro %}
