{%- do source("identity", "corrections") -%}  {#- the hook reads it, and dbt sees only what is named while it parses -#}
{{ incremental_entity("people", post_hook="{{ apply_corrections() }}") }} {{ conformed_union("people") }}
