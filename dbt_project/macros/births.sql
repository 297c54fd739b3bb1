{#- Whole years of age at a moment, by the calendar: who was born on 29 February is a year older on 1 March of other years. -#}
{% macro age_in_years(birth_date, at) -%}
    (
        year({{ at }})
        - year({{ birth_date }})
        - case
            when 100 * month({{ at }}) + day({{ at }}) < 100 * month({{ birth_date }}) + day({{ birth_date }})
            then 1
            else 0
        end
    )
{%- endmacro %}

{#- The age band of a birth date, as of the night, by the setting age_bands. -#}
{% macro age_band(birth_date) -%}
    {%- set age = age_in_years(birth_date, as_of()) -%}
    case
        when {{ birth_date }} is null
        then 'unknown'
        {%- for band in var("insight").age_bands if band.below %}
            when {{ age }} < {{ band.below }} then '{{ band.name }}'
        {% endfor %}
        else '{{ var("insight").age_bands[-1].name }}'
    end
{%- endmacro %}

{#- The first age of an age band, by the setting age_bands; null of whatever is no band of it. -#}
{% macro youngest_age(age_band) -%}
    {%- set above = namespace(age=0) -%}
    case
        {{ age_band }}
        {%- for band in var("insight").age_bands %}
            when '{{ band.name }}' then {{ above.age }} {%- set above.age = band.below %}
        {%- endfor %}
    end
{%- endmacro %}

{#- A birth date written in one of several formats: of two digits for the year, the last such year that is not to come. -#}
{% macro parsed_birth(expression, formats) -%}
    {%- set short = [] -%}
    {%- set long = [] -%}
    {%- for format in formats -%} {%- do (short if "%y" in format else long).append(format) -%} {%- endfor -%}
    coalesce(
        {%- if long %}
            {{
                plausible_birth(
                    "cast(" ~ parsed_time(expression, long) ~ " as date)", "cast(" ~ as_of() ~ " as date)"
                )
            }}
            {{- "," if short }}
        {%- endif %}
        {%- if short %}
            {{
                plausible_birth(
                    "cast(" ~ not_after(parsed_time(expression, short), as_of()) ~ " as date)",
                    "cast(" ~ as_of() ~ " as date)",
                )
            }}
        {%- endif %}
    )
{%- endmacro %}

{#-
    A birth date of which no format is known; null where its first part may be a day: 05/06/14 is a child's in one order, and
    an adult's in another. A first part above 31 is a year.
-#}
{% macro as_birth(expression) -%}
    case when extract(year from {{ as_date(expression) }}) not between 0 and 31 then {{ as_date(expression) }} end
{%- endmacro %}

{#- The date, or the same day a hundred years before where it lies after a moment. -#}
{% macro not_after(date, moment) -%}
    case when {{ date }} > {{ moment }} then {{ date }} - interval 100 year else {{ date }} end
{%- endmacro %}
