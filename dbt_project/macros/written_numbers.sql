{#-
    SQL: the number, not below 0, that a text is in every way to read it, as double: digits alone or in groups of three with
    a blank or an apostrophe between them, and a fraction. Null where it is none, and where the one mark may part thousands
    as well as a fraction: 450.000, 450,000. Amounts of a mapping are read by the decimal mark that it says.
-#}
{% macro unambiguous_number(expression) -%}
    {%- set gap = "[\\s\\p{Z}''’]" -%}
    {%- set pattern = (
        "\\d{1,3}(?:"
        ~ gap
        ~ "\\d{3})*(?:[.,]\\d{1,2})?|\\d{4,}(?:[.,]\\d+)?|\\d{1,3}(?:"
        ~ gap
        ~ "\\d{3})+[.,]\\d+"
    ) -%}
    {{
        cast_or_null(
            "case when regexp_full_match(trim("
            ~ expression
            ~ "), '"
            ~ pattern
            ~ "') then replace(regexp_replace("
            ~ expression
            ~ ", '"
            ~ gap
            ~ "', '', 'g'), ',', '.') end",
            "double",
        )
    }}
{%- endmacro %}
