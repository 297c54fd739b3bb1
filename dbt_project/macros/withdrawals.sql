{#-
    What each withdrawal denies, as CTE `denied_by`: (said_purpose, said_channel, purpose, channel). Who objects to direct
    marketing (Art. 21) withdraws every marketing purpose on every channel, and every purpose where the text names something
    beside it; who unsubscribes or complains, every marketing purpose on that channel; a purpose or channel that is not known
    here is any.
-#}
{% macro denied_by(withdrawn) -%}
    denied_by as (
        select e.purpose as said_purpose, e.channel as said_channel, p.purpose, c.channel
        from (select distinct purpose, channel from {{ withdrawn }}) e
        join
            {{ ref("purposes") }} p
            on p.purpose = e.purpose
            or (e.purpose = 'marketing' or {{ is_direct_marketing("e.purpose") }})
            and p.is_marketing
            or not (e.purpose = 'marketing' or {{ is_direct_marketing("e.purpose") }})
            and e.purpose not in (select purpose from {{ ref("purposes") }})
        join
            {{ ref("channels") }} c
            on c.channel = e.channel
            or {{ names_direct_marketing("e.purpose") }}
            or e.channel not in (select channel from {{ ref("channels") }})
    )
{%- endmacro %}

{#- SQL: whether a purpose, a text, is direct marketing alone, in whatever spelling: Direct-Marketing, direktreklam. -#}
{% macro is_direct_marketing(purpose) -%}
    regexp_full_match(lower({{ purpose }}), '[^\pL]*' || {{ _direct_marketing() }} || '\pL*[^\pL]*')
{%- endmacro %}

{#- SQL: whether a purpose, a text, names direct marketing, perhaps beside others: `direktreklam, survey`. -#}
{% macro names_direct_marketing(purpose) -%}
    regexp_matches(lower({{ purpose }}), {{ _direct_marketing() }})
{%- endmacro %}

{% macro _direct_marketing() -%}
    '(?:dire[ck]te?[^\pL]*(?:market|marknad|marked|reklam)|suora[^\pL]*markkinoi)'
{%- endmacro %}

{#-
    Withdrawals of the ledger, by all that they deny: (person_system, person_key, contact_point, purpose, channel,
    effective_at, weighs_at, event_key, clock). Expects the CTE `denied_by`.
-#}
{% macro withdrawals(withdrawn) -%}
    select
        e.person_system,
        e.person_key,
        e.contact_point,
        d.purpose,
        d.channel,
        {{ first_moment("e.stated_at") }} as effective_at,
        e.stated_at as weighs_at,
        e.source_system || ':' || coalesce(e.source_key, 'load ' || e.load_id) as event_key,
        -- of one that is in the ledger since before it kept this, nobody knows
        case when coalesce(e.is_zoneless, true) then e.source_system end as clock
    from {{ withdrawn }} e
    join denied_by d on d.said_purpose = e.purpose and d.said_channel = e.channel
{%- endmacro %}
