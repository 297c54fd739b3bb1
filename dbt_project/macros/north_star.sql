{#- What may drive the North Star metric: of the first purchase, and what follows it within the same days. -#}
{% macro north_star_drivers() -%} {{ return(["discounted", "partly_returned", "visited", "clicked"]) }} {%- endmacro %}
