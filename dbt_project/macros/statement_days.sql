{#-
    SQL: the first moment that a time of a statement can mean. Staging writes a statement that names only a day as the
    day's last microsecond: a grant holds from then on and counts as made on the day's first moment, a withdrawal holds
    from the first and counts as made at the last, so that of one day the withdrawal always stands. The zone of the day is
    not known here. A Sunday on which clocks may go back (25 October to 7 November, 1 to 8 April) counts 25 hours: too
    early is the closed side.
-#}
{% macro first_moment(at) -%}
    case
        when {{ is_last_microsecond(at) }} and {{ may_have_25_hours(at) }}
        then {{ at }} - interval '25' hour + interval '1' microsecond
        when {{ is_last_microsecond(at) }}
        then {{ at }} - interval '1' day + interval '1' microsecond
        else {{ at }}
    end
{%- endmacro %}

{#- Whether the day that ends at `at`, UTC, is such a Sunday in some zone: half a day earlier it is that date in every zone. -#}
{% macro may_have_25_hours(at) -%}
    {%- set noon = "(" ~ at ~ " - interval '12' hour)" -%}
    {%- set date = "(extract(month from " ~ noon ~ ") * 100 + extract(day from " ~ noon ~ "))" -%}
    (
        ({{ date }} between 401 and 408 or {{ date }} between 1025 and 1031 or {{ date }} between 1101 and 1107)
        -- 2 January 2000 was a Sunday
        and {{ days_between("date '2000-01-02'", "cast(" ~ noon ~ " as date)") }} % 7 = 0
    )
{%- endmacro %}
