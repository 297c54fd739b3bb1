{#- What only one engine can say. Models call these; DuckDB is the default, spark__ variants stand beside it. -#}
{#- A time as UTC. One that is written without an offset is read in its source's time zone. -#}
{% macro as_utc(expression) -%}
    {{ return(adapter.dispatch("as_utc", "kundbild")(expression, source_zone())) }}
{%- endmacro %}
{% macro default__as_utc(expression, zone) -%}
    {%- if zone == "UTC" -%} (try_cast({{ expression }} as timestamptz) at time zone 'UTC')
    {%- else -%}
        case
            when {{ has_offset(expression) }}
            then try_cast(cast({{ expression }} as varchar) as timestamptz) at time zone 'UTC'
            else (try_cast({{ expression }} as timestamp) at time zone '{{ zone }}') at time zone 'UTC'
        end
    {%- endif -%}
{%- endmacro %}
{% macro spark__as_utc(expression, zone) -%}
    to_utc_timestamp(try_cast({{ expression }} as timestamp), '{{ zone }}')
{%- endmacro %}

{#- The time zone of the source whose staging model this is. -#}
{% macro source_zone() -%} {{ return(stated_zone() or "UTC") }} {%- endmacro %}
{% macro stated_zone() -%}
    {%- set source = model.name.removeprefix("own_").removeprefix("stg_").split("__")[0] -%}
    {{ return(var("timezones", {}).get(source)) }}
{%- endmacro %}

{#-
    Whether one of these times is written without an offset, in a source that states no `timezone`: it is read as UTC, and may
    be up to 14 hours earlier or 12 hours later. Macro consent_statements weighs it so.
-#}
{% macro is_zoneless(expressions) -%}
    {%- if stated_zone() -%} false
    {%- else -%}
        (
            {%- for expression in expressions -%}
                {{ " or " if not loop.first }} (
                    {{ expression }} is not null
                    and (not {{ has_offset(expression) }} or {{ is_midnight_with_offset(expression) }})
                )
            {%- endfor -%}
        )
    {%- endif -%}
{%- endmacro %}

{#- Whether a time is written with an offset or a zone behind its minutes or seconds. -#}
{% macro has_offset(expression) -%}
    coalesce(regexp_matches(cast({{ expression }} as varchar), ':[0-9]{2}([.,][0-9]+)?\s*([A-Za-z]|[+-][0-9])'), false)
{%- endmacro %}

{#- Whether a time with an offset is a midnight: so do many systems write a day (2026-05-01T00:00:00Z), of whatever zone. -#}
{% macro is_midnight_with_offset(expression) -%}
    coalesce(
        regexp_matches(cast({{ expression }} as varchar), '[Tt ]00:00(:00([.,]0+)?)?\s*([A-Za-z]|[+-][0-9])'), false
    )
{%- endmacro %}

{#-
    When a statement on consent was made, UTC. One that names only a day, or a midnight with or without an offset, is written as
    the day's last microsecond in the source's zone, where a day may have 23 or 25 hours (macro first_moment says why). Where
    the offset makes it another day than the source's zone does, a grant ends by the earlier and a withdrawal by the later. Of
    the hour that a clock has twice, a grant is in the earlier and a withdrawal in the later, so that the order of the two
    never opens. A time before the var earliest_statement stands for none.
-#}
{% macro statement_time(expression, is_grant) -%}
    {{ return(adapter.dispatch("statement_time", "kundbild")(expression, is_grant, source_zone())) }}
{%- endmacro %}
{% macro default__statement_time(expression, is_grant, zone) -%}
    {%- set written = "try_cast(" ~ expression ~ " as timestamp)" -%}
    {%- set utc = default__as_utc(expression, zone) -%}
    {%- set local = "(" ~ utc ~ " at time zone 'UTC' at time zone '" ~ zone ~ "')" -%}
    {%- set day_by_offset = utc ~ " + interval '1' day - interval '1' microsecond" -%}
    case
        when {{ utc }} < date '{{ var("earliest_statement") }}'
        then null
        when
            not contains(cast({{ expression }} as varchar), ':')
            or (cast({{ written }} as time) = time '00:00:00' and not {{ has_offset(expression) }})
        then
            (
                cast(cast({{ written }} as date) + interval '1' day as timestamp) at time zone '{{ zone }}'
            ) at time zone 'UTC'
            - interval '1' microsecond
        when {{ is_midnight_with_offset(expression) }}
        {%- if zone == "UTC" %} then {{ day_by_offset }}
        {%- else %}
                or ({{ has_offset(expression) }} and cast({{ local }} as time) = time '00:00:00')
            then
                case
                    when {{ is_grant }}
                    then least({{ day_by_offset }}, {{ day_in_zone(utc, local, zone) }})
                    else greatest({{ day_by_offset }}, {{ day_in_zone(utc, local, zone) }})
                end
        {%- endif %}
        {%- if zone != "UTC" %}
            {%- for sign, of in [("-", is_grant), ("+", "not " ~ is_grant)] %}
                when
                    {{ of }}
                    and not {{ has_offset(expression) }}
                    and ({{ utc }} {{ sign }} interval '1' hour) at time zone 'UTC' at time zone '{{ zone }}'
                    = {{ written }}
                then {{ utc }} {{ sign }} interval '1' hour
            {%- endfor %}
        {%- endif %}
        else {{ utc }}
    end
{%- endmacro %}

{#- The last microsecond, UTC, of the day in a zone that a midnight means: of UTC's date where it is UTC's midnight. -#}
{% macro day_in_zone(utc, local, zone) -%}
    (
        cast(
            case
                when cast({{ utc }} as time) = time '00:00:00'
                then cast({{ utc }} as date)
                else cast({{ local }} as date)
            end
            + interval '1' day as timestamp
        )
        at time zone '{{ zone }}'
    ) at time zone 'UTC'
    - interval '1' microsecond
{%- endmacro %}

{#- The value in another type, null where that cannot hold it. -#}
{% macro cast_or_null(expression, type) -%}
    {{ return(adapter.dispatch("cast_or_null", "kundbild")(expression, type)) }}
{%- endmacro %}
{% macro default__cast_or_null(expression, type) -%} try_cast({{ expression }} as {{ type }}) {%- endmacro %}

{% macro as_date(expression) -%} {{ return(adapter.dispatch("as_date", "kundbild")(expression)) }} {%- endmacro %}
{% macro default__as_date(expression) -%} try_cast({{ expression }} as date) {%- endmacro %}

{% macro parsed_time(expression, formats) -%}
    {{ return(adapter.dispatch("parsed_time", "kundbild")(expression, formats)) }}
{%- endmacro %}
{% macro default__parsed_time(expression, formats) -%}
    try_strptime(
        {{ expression }}::varchar, [{% for format in formats %}'{{ format }}'{{ ", " if not loop.last }}{% endfor %}]
    )
{%- endmacro %}

{#- Whether a time is the last microsecond of a second: how staging writes what names only a day. -#}
{% macro is_last_microsecond(at) -%}
    {{ return(adapter.dispatch("is_last_microsecond", "kundbild")(at)) }}
{%- endmacro %}
{% macro default__is_last_microsecond(at) -%} epoch_us({{ at }}) % 1000000 = 999999 {%- endmacro %}
{% macro spark__is_last_microsecond(at) -%} unix_micros({{ at }}) % 1000000 = 999999 {%- endmacro %}

{#- A word without case and without white space around it, of whatever kind; null where nothing is left. -#}
{% macro word(expression) -%} {{ return(adapter.dispatch("word", "kundbild")(expression)) }} {%- endmacro %}
{% macro default__word(expression) -%}
    nullif(lower(regexp_replace({{ expression }}, '^[\s\p{Z}\p{C}]+|[\s\p{Z}\p{C}]+$', '', 'g')), '')
{%- endmacro %}
{% macro spark__word(expression) -%}
    nullif(lower(regexp_replace({{ expression }}, '^[\\s\\p{Z}\\p{C}]+|[\\s\\p{Z}\\p{C}]+$', '')), '')
{%- endmacro %}

{#- A text as it is written; null where it is empty or nothing but white space, of whatever kind. -#}
{% macro filled(expression) -%} case when {{ word(expression) }} is not null then {{ expression }} end {%- endmacro %}

{#-
    Evidence as it is written; null where it has neither a letter nor a digit but 0, is a word for none, by its letters and
    digits, says in several words that there is none, or is a number below 0: systems write -1 for none, and without its sign it
    is a version as any other.
-#}
{% macro evidence(expression) -%}
    {%- set shown = replaced_all("lower(" ~ seen("cast(" ~ expression ~ " as varchar)") ~ ")", var("markup"), " ") -%}
    {%- set said = letters_and_digits(shown) -%}
    case
        when
            {{ said }} not in ('{{ var("no_evidence") | join("', '") }}')
            and replace({{ said }}, '0', '') != ''
            and not regexp_matches(
                {{ letters_and_digits(without_words(shown, var("words_between"))) }}, '{{ var("nothing_said") }}'
            )
            and not (
                left(trim({{ expression }}), 1) in ('-', '−', '–') and translate({{ said }}, '0123456789', '') = ''
            )
        then {{ expression }}
    end
{%- endmacro %}

{#- A text without the whole words of a list, which are parted by |. -#}
{% macro without_words(expression, words) -%}
    {{ return(adapter.dispatch("without_words", "kundbild")(expression, words)) }}
{%- endmacro %}
{% macro default__without_words(expression, words) -%}
    regexp_replace({{ expression }}, '\b({{ words }})\b', '', 'g')
{%- endmacro %}
{% macro spark__without_words(expression, words) -%}
    regexp_replace({{ expression }}, '\\b({{ words }})\\b', '')
{%- endmacro %}

{#- A text with whatever a regular expression without backslashes finds written otherwise. -#}
{% macro replaced_all(expression, pattern, by) -%}
    {{ return(adapter.dispatch("replaced_all", "kundbild")(expression, pattern, by)) }}
{%- endmacro %}
{% macro default__replaced_all(expression, pattern, by) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ by }}', 'g')
{%- endmacro %}
{% macro spark__replaced_all(expression, pattern, by) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ by }}')
{%- endmacro %}

{#- The letters and digits of a word, in lower case, without fillers: letters that show nothing. -#}
{% macro letters_and_digits(expression) -%}
    {{ return(adapter.dispatch("letters_and_digits", "kundbild")(expression)) }}
{%- endmacro %}
{% macro default__letters_and_digits(expression) -%}
    regexp_replace(lower({{ seen("cast(" ~ expression ~ " as varchar)") }}), '[^\p{L}\p{N}]', '', 'g')
{%- endmacro %}
{% macro spark__letters_and_digits(expression) -%}
    regexp_replace(lower({{ seen("cast(" ~ expression ~ " as string)") }}), '[^\\p{L}\\p{N}]', '')
{%- endmacro %}

{#- The letters of a word, in lower case. -#}
{% macro letters(expression) -%} {{ return(adapter.dispatch("letters", "kundbild")(expression)) }} {%- endmacro %}
{% macro default__letters(expression) -%}
    regexp_replace(lower(cast({{ expression }} as varchar)), '[^\p{L}]', '', 'g')
{%- endmacro %}
{% macro spark__letters(expression) -%}
    regexp_replace(lower(cast({{ expression }} as string)), '[^\\p{L}]', '')
{%- endmacro %}

{% macro days_between(earlier, later) -%}
    {{ return(adapter.dispatch("days_between", "kundbild")(earlier, later)) }}
{%- endmacro %}
{% macro default__days_between(earlier, later) -%} date_diff('day', {{ earlier }}, {{ later }}) {%- endmacro %}
{% macro spark__days_between(earlier, later) -%} datediff({{ later }}, {{ earlier }}) {%- endmacro %}

{#- The date that a text has in it, with or without hyphens. -#}
{% macro date_in(text) -%} {{ return(adapter.dispatch("date_in", "kundbild")(text)) }} {%- endmacro %}
{% macro default__date_in(text) -%}
    try_strptime(replace(regexp_extract({{ text }}, '20[0-9]{2}-?[0-9]{2}-?[0-9]{2}'), '-', ''), '%Y%m%d')::date
{%- endmacro %}
{% macro spark__date_in(text) -%}
    to_date(replace(regexp_extract({{ text }}, '20[0-9]{2}-?[0-9]{2}-?[0-9]{2}', 0), '-', ''), 'yyyyMMdd')
{%- endmacro %}

{#- A file's name without its folders. -#}
{% macro file_name(path) -%} regexp_replace({{ path }}, '^.*[/\\\\]', '') {%- endmacro %}

{#- So many days, to be added to a moment. -#}
{% macro days(number) -%} {{ return(adapter.dispatch("days", "kundbild")(number)) }} {%- endmacro %}
{% macro default__days(number) -%} to_days(cast({{ number }} as integer)) {%- endmacro %}
{% macro spark__days(number) -%} make_dt_interval({{ number }}) {%- endmacro %}

{#- The date that lies so many days before a moment. -#}
{% macro days_before(moment, days) -%}
    {{ return(adapter.dispatch("days_before", "kundbild")(moment, days)) }}
{%- endmacro %}
{% macro default__days_before(moment, days) -%} cast({{ moment }} as date) - {{ days }} {%- endmacro %}
{% macro spark__days_before(moment, days) -%} date_sub({{ moment }}, {{ days }}) {%- endmacro %}

{#- The latest value of a column by an order, in an aggregate. -#}
{% macro latest(value, by) -%} {{ return(adapter.dispatch("latest", "kundbild")(value, by)) }} {%- endmacro %}
{% macro default__latest(value, by) -%} arg_max({{ value }}, {{ by }}) {%- endmacro %}
{% macro spark__latest(value, by) -%} max_by({{ value }}, {{ by }}) {%- endmacro %}

{#- A 64-bit hash of several values, for cheap comparison; never an id. -#}
{% macro hashed(columns) -%} {{ return(adapter.dispatch("hashed", "kundbild")(columns)) }} {%- endmacro %}
{% macro default__hashed(columns) -%} hash({{ columns | join(", ") }}) {%- endmacro %}
{% macro spark__hashed(columns) -%} xxhash64({{ columns | join(", ") }}) {%- endmacro %}

{% macro earliest(value, by) -%} {{ return(adapter.dispatch("earliest", "kundbild")(value, by)) }} {%- endmacro %}
{% macro default__earliest(value, by) -%} arg_min({{ value }}, {{ by }}) {%- endmacro %}
{% macro spark__earliest(value, by) -%} min_by({{ value }}, {{ by }}) {%- endmacro %}

{#- Several values as one, compared in their order. -#}
{% macro packed(values) -%} {{ return(adapter.dispatch("packed", "kundbild")(values)) }} {%- endmacro %}
{% macro default__packed(values) -%} struct_pack({{ values | join(", ") }}) {%- endmacro %}
{% macro spark__packed(values) -%} struct({{ values | join(", ") }}) {%- endmacro %}

{#-
    What puts rows in the order of a time; where times are equal, what is `over` the others, then a key: one number, for a
    struct is slow to compare.
-#}
{% macro in_order(at, over, key) -%}
    {{ return(adapter.dispatch("in_order", "kundbild")(at, over, key)) }}
{%- endmacro %}
{% macro default__in_order(at, over, key) -%}
    (
        epoch_us({{ at }})::hugeint * 18446744073709551616::hugeint
        + case when {{ over }} then 9223372036854775808::hugeint else 0::hugeint end
        + (hash({{ key }}) >> 1)
    )
{%- endmacro %}
{% macro spark__in_order(at, over, key) -%} struct({{ at }}, {{ over }}, {{ key }}) {%- endmacro %}

{#- The same with names: {"name": expression}. -#}
{% macro record_of(values) -%} {{ return(adapter.dispatch("record_of", "kundbild")(values)) }} {%- endmacro %}
{% macro default__record_of(values) -%}
    struct_pack({% for name, value in values.items() %}{{ name }} := {{ value }}{{ ", " if not loop.last }}{% endfor %})
{%- endmacro %}
{% macro spark__record_of(values) -%}
    named_struct(
        {% for name, value in values.items() %}'{{ name }}', {{ value }}{{ ", " if not loop.last }}{% endfor %}
    )
{%- endmacro %}

{#- A word for comparison: lower case, without surrounding white space; null where it is blank. -#}
{% macro plain_word(value) -%} {{ return(adapter.dispatch("plain_word", "kundbild")(value)) }} {%- endmacro %}
{% macro default__plain_word(value) -%}
    nullif(
        lower(
            regexp_replace(
                cast({{ value }} as varchar), '^[\s\p{Z}\x{FEFF}\x{200B}]+|[\s\p{Z}\x{FEFF}\x{200B}]+$', '', 'g'
            )
        ),
        ''
    )
{%- endmacro %}
{% macro spark__plain_word(value) -%} nullif(lower(trim(cast({{ value }} as string))), '') {%- endmacro %}

{#- The same as the seeds of words spell it: `_` and `-` are blanks. -#}
{% macro spelling(value) -%} translate({{ plain_word(value) }}, '_-', '  ') {%- endmacro %}

{#- The seconds from one moment to another. -#}
{% macro seconds_between(earlier, later) -%}
    {{ return(adapter.dispatch("seconds_between", "kundbild")(earlier, later)) }}
{%- endmacro %}
{% macro default__seconds_between(earlier, later) -%} date_diff('second', {{ earlier }}, {{ later }}) {%- endmacro %}
{% macro spark__seconds_between(earlier, later) -%} timestampdiff(second, {{ earlier }}, {{ later }}) {%- endmacro %}

{#- So many minutes, to be added to a moment. -#}
{% macro minutes(number) -%} {{ return(adapter.dispatch("minutes", "kundbild")(number)) }} {%- endmacro %}
{% macro default__minutes(number) -%} to_minutes(cast({{ number }} as integer)) {%- endmacro %}
{% macro spark__minutes(number) -%} make_dt_interval(0, 0, {{ number }}) {%- endmacro %}
