{#-
    What an order brought in. The one definition; every mart, segment and audience reads what fct_orders makes of it.
      cancelled       neither an order nor revenue
      credit note     an order of a negative amount: no order, its amount is refunded, unless its order says so itself
      gross           what the customer pays, before refunds
      refunded        all of it by status, else what the order or its lines say was given back, never more than gross;
                      all of it too where every goods line was returned, freight and tax included, unless the order says
                      itself that a part was kept (refunded_amount, "partially refunded", a line that stands)
      sale            an order of which goods were kept: never one whose every goods line was returned
      net = gross - refunded
    Expects e (conformed_orders) and r (order_returns, or nothing of it).
-#}
{% macro is_order() -%} (e.status is distinct from 'cancelled' and e.amount >= 0) {%- endmacro %}

{#- In the order's currency. An amount that is what is left after the negative lines is what was paid without them. -#}
{% macro order_gross() -%}
    case
        when not {{ is_order() }}
        then 0
        when
            r.negative_amount > 0
            and not r.is_foreign
            and e.amount
            < r.sold_amount - greatest(coalesce(e.discount, 0) - r.line_discount_amount, 0) - r.negative_amount / 2
        then e.amount + r.negative_amount
        else e.amount
    end
{%- endmacro %}

{#- Expects gross, what order_gross gave. A discount on the whole order is on what was given back too. -#}
{% macro order_refunded(gross) -%}
    case
        when e.status = 'cancelled'
        then 0
        when e.amount < 0
        then - e.amount
        when e.status = 'refunded'
        then {{ gross }}
        when
            r.is_wholly_returned
            -- a line of freight that stands was kept
            and r.refunded_amount + r.negative_amount >= r.sold_amount
            and coalesce(e.refunded_amount, 0) = 0
            and e.status is distinct from 'partially refunded'
            and {{ gross }} = e.amount
        then {{ gross }}
        else
            least(
                {{ gross }},
                greatest(
                    coalesce(e.refunded_amount, 0),
                    case when r.sold_amount = 0 then {{ gross }} * r.returned_share else 0 end,
                    coalesce(
                        r.refunded_amount
                        * {{ line_share(gross, "least(1, cast(" ~ gross ~ " as double) / nullif(r.sold_amount, 0))") }}
                        + r.negative_amount * {{ line_share(gross, "1") }},
                        0
                    )
                )
            )
    end
{%- endmacro %}

{#- Orders and credit notes a and b are of one person, in one currency. -#}
{% macro same_buyer(a, b) -%}
    {{ b }}.source_system = {{ a }}.source_system
    and {{ b }}.person_system = {{ a }}.person_system
    and {{ b }}.person_key = {{ a }}.person_key
    and {{ b }}.currency is not distinct from {{ a }}.currency
{%- endmacro %}

{#- What a line's amount is worth in the order's: where lines are in another currency, their share of it, whatever the rate. -#}
{% macro line_share(gross, otherwise) -%}
    case when r.is_foreign then cast({{ gross }} as double) / nullif(r.sold_amount, 0) else {{ otherwise }} end
{%- endmacro %}

{#- Of a line: what it comes to, and what refunded_quantity of it is worth; with `of` before the columns. -#}
{% macro line_amount(of="e.") -%}
    cast({{ of }}quantity * {{ of }}unit_price - coalesce({{ of }}discount, 0) as decimal(18, 2))
{%- endmacro %}

{% macro line_refund(of="e.") -%}
    line_amount * least({{ of }}refunded_quantity, {{ of }}quantity) / nullif({{ of }}quantity, 0)
{%- endmacro %}

{#- In the company's currency, null where there is no rate, but nothing is nothing in any. The same currency keeps every cent. -#}
{% macro in_company_currency(amount, currency, rate) -%}
    cast(
        case
            when {{ amount }} = 0
            then 0
            when {{ currency }} = '{{ var("currency") }}'
            then {{ amount }}
            else {{ amount }} * {{ rate }}
        end as decimal(18, 2)
    )
{%- endmacro %}

{#- SQL on a fact t with a currency, its rate and a day: rows whose rate is another now. -#}
{% macro has_another_rate(day, currency="t.currency", rate="t.exchange_rate") -%}
    exists (
        select 1
        from {{ ref("exchange_rates_by_day") }} n
        where
            n.currency = {{ currency }}
            and n.rated_on = cast({{ day }} as date)
            and n.exchange_rate is distinct from {{ rate }}
    )
{%- endmacro %}

{#- A sum that is not known where one of its amounts is not. -#}
{% macro known_sum(amount) -%} case when count(*) = count({{ amount }}) then sum({{ amount }}) end {%- endmacro %}

{#-
    Sales of which a customer kept something, by the time of each: (customer_id, ordered_at). Paid or completed orders count,
    up to then, by what was not refunded; against them every credit note of the customer, and every refunded order that
    equals an earlier sale, as where a shop writes refunds as orders; in another currency one that is worth about the same.
    An amount that is not known is no sale, and a credit note of one leaves none.
-#}
{% macro kept_sales() -%}
    select s.customer_id, s.ordered_at
    from
        (
            select
                customer_id,
                ordered_at,
                sum(net_amount) over (partition by customer_id order by ordered_at) as kept_amount
            from {{ ref("fct_orders") }}
            where is_sale and order_status in ('paid', 'completed', 'partially refunded')
        ) s
    left join
        (
            select n.customer_id, {{ known_sum("n.given_back") }} as credited_amount
            from
                (
                    select customer_id, - net_amount as given_back
                    from {{ ref("fct_orders") }}
                    where order_amount < 0 and order_status is distinct from 'cancelled'
                    union all
                    select r.customer_id, r.gross_amount
                    from {{ ref("fct_orders") }} r
                    semi join
                        {{ ref("fct_orders") }} o
                        on o.customer_id = r.customer_id
                        and o.is_sale
                        and o.ordered_at <= r.ordered_at
                        and case
                            when o.currency is not distinct from r.currency
                            then o.order_amount = r.order_amount
                            -- the rate may be another day's; where none is known it may be that sale
                            else
                                coalesce(
                                    abs(o.gross_amount - r.gross_amount) <= {{ var("rate_drift") }} * o.gross_amount,
                                    true
                                )
                        end
                    where r.order_status = 'refunded' and r.is_order
                ) n
            group by 1
        ) c
        on c.customer_id = s.customer_id
    where s.kept_amount > case when c.customer_id is null then 0 else c.credited_amount end
{%- endmacro %}

{#- SQL on a spell of a rate and a day: whether no newer rate came for too long. One without a day always holds. -#}
{% macro is_stale_rate(spell, day) -%}
    (
        {{ spell }}.valid_until = date '9999-12-31'
        and {{ spell }}.valid_on > date '0001-01-01'
        and {{ days_between(spell ~ ".valid_on", day) }} > {{ var("max_rate_age_days") }}
    )
{%- endmacro %}
