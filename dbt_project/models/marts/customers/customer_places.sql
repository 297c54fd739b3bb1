{#- alias, measure, kind of area, the customer's code of it -#}
{%- set places = [
    ("income_here", "median_income", "municipality", "municipality_code"),
    ("income_near", "median_income", "postal_area", "postal_code"),
    ("education_here", "share_higher_education", "municipality", "municipality_code"),
    ("education_near", "share_higher_education", "postal_area", "postal_code"),
] -%}
{%- set income_attribute = var("insight").income_attribute -%}
with
    people as (
        select
            c.customer_id,
            c.country_code,
            {{ postal_key("c.postal_code", "c.country_code") }} as postal_code,
            z.municipality_code
        from {{ ref("dim_customers") }} c
        left join
            {{ ref("postal_codes") }} z
            on z.country_code = c.country_code
            and z.postal_code = {{ postal_key("c.postal_code", "c.country_code") }}
        where {{ may_be_profiled("c") }}
    ),
    incomes as (
        select
            customer_id,
            {{ unambiguous_number("attribute_value") }} as income,
            origin,
            coalesce(age_days > {{ var("place_bounds").income_days }}, true) as is_old,
            value_count > 1 as is_doubtful
        from {{ ref("customer_attributes") }}
        where attribute_name = {{ "'" ~ income_attribute ~ "'" if income_attribute else "null" }}
    ),
    compared as (
        select
            p.customer_id,
            case
                when not i.income > 0 or i.income is null or income_here.value is null
                then null
                when i.income < {{ var("insight").purchasing_power_low }} * income_here.value
                then 'low'
                when i.income > {{ var("insight").purchasing_power_high }} * income_here.value
                then 'high'
                else 'average'
            end as purchasing_power,
            i.origin,
            i.is_old,
            i.is_doubtful,
            {% for alias, _, _, _ in places -%}
                {{ alias }}.level as {{ alias }}_level,
                concat(
                    {{ alias }}.source,
                    ', ',
                    cast({{ alias }}.year as varchar),
                    case when {{ alias }}.is_old then ', old' else '' end,
                    case when {{ alias }}.is_example then ', not real' else '' end
                ) as {{ alias }}_source,
            {% endfor -%}
            income_here.is_old or income_here.is_example as is_median_doubtful
        from people p
        left join incomes i on i.customer_id = p.customer_id
        {% for alias, measure, kind, code in places -%}
            left join
                {{ ref("place_levels") }} {{ alias }}
                on {{ alias }}.country_code = p.country_code
                and {{ alias }}.area_code = p.{{ code }}
                and {{ alias }}.area_kind = '{{ kind }}'
                and {{ alias }}.measure = '{{ measure }}'
        {% endfor %}
    )
select
    customer_id,
    purchasing_power,
    -- one median is of all households: an income of one person, or of a large family, is compared with it too
    case
        when purchasing_power is null
        then null
        when is_old or is_doubtful or is_median_doubtful or origin is null or origin = 'bought'
        then 'low'
        else 'medium'
    end as purchasing_power_confidence,
    case
        when purchasing_power is not null
        then
            concat(
                'income from ',
                coalesce(origin, 'an unknown origin'),
                case when is_old then ', old or of unknown age' else '' end,
                case when is_doubtful then ', with different values' else '' end,
                '; against the median of the municipality (',
                income_here_source,
                ')'
            )
    end as purchasing_power_reasons,
    {% for capital, measure, word in [
        ("economic", "income", "median income"),
        ("cultural", "education", "higher education"),
    ] -%}
        coalesce({{ measure }}_near_level, {{ measure }}_here_level) as {{ capital }}_capital,
        case
            when {{ measure }}_near_level is not null
            then concat('{{ word }} of the postal area, not of the person (', {{ measure }}_near_source, ')')
            when {{ measure }}_here_level is not null
            then concat('{{ word }} of the municipality, not of the person (', {{ measure }}_here_source, ')')
        end as {{ capital }}_capital_reasons{{ "," if not loop.last }}
    {% endfor %}
from compared
