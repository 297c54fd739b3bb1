{#-
    SQL: the first moment that a time of a statement can mean. Staging writes a statement that names only a day as the
    day's last microsecond: a grant holds from then on and counts as made on the day's first moment, a withdrawal holds
    from the first and counts as made at the last, so that of one day the withdrawal always stands. The zone of the day is
    not known here. A day on which clocks may go back counts 25 hours: too early is the closed side.
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

{#- SQL: the last moment that a time can mean, which may be told by the minute or the second alone. -#}
{% macro last_moment(at) -%}
    case
        when {{ at }} = date_trunc('minute', {{ at }})
        then {{ at }} + interval '59999999' microsecond
        when {{ at }} = date_trunc('second', {{ at }})
        then {{ at }} + interval '999999' microsecond
        when {{ at }} = date_trunc('millisecond', {{ at }})
        then {{ at }} + interval '999' microsecond
        else {{ at }}
    end
{%- endmacro %}

{#-
    Whether the day that ends at `at`, UTC, has 25 hours in some zone. Clocks go back on a Sunday from 25 October to 7 November or
    from 1 to 8 April, or at the end of the day before it (Nuuk, Beirut, Santiago), in Cairo of a Thursday. Ten and a half hours
    before its end it is that date in UTC, for every zone with such days, from Adak (-10) to Apia (+13). Not known: days by
    the calendar of Ramadan (Casablanca, Gaza).
-#}
{% macro may_have_25_hours(at) -%}
    {%- set noon = "(" ~ at ~ " - interval '630' minute)" -%}
    {%- set date = "(extract(month from " ~ noon ~ ") * 100 + extract(day from " ~ noon ~ "))" -%}
    {#- 2 January 2000 was a Sunday -#}
    {%- set weekday = days_between("date '2000-01-02'", "cast(" ~ noon ~ " as date)") ~ " % 7" -%}
    (
        {{ weekday }} = 0
        and ({{ date }} between 401 and 408 or {{ date }} between 1025 and 1031 or {{ date }} between 1101 and 1107)
        or {{ weekday }} = 6
        and ({{ date }} between 401 and 407 or {{ date }} between 1024 and 1030)
        or {{ weekday }} = 4
        and {{ date }} between 1025 and 1031
    )
{%- endmacro %}
