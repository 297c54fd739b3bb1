{#- SQL on a statement s and a purpose p: a grant with everything that a grant needs, but for its time. -#}
{% macro is_evidenced_grant() -%}
    (
        s.status = 'granted'
        and p.purpose is not null
        and s.wording_version is not null
        and s.contact_point is not null
        and s.capture_source is not null
        and not s.is_void
        -- a contact point of another kind is no evidence for the channel
        and {{ is_of_the_channels_kind() }}
        and (
            -- on the purpose's own legal basis, and on no other
            ({{ is_on_the_purposes_basis() }} and (s.confirmed_at is not null or not p.needs_confirmation))
            {%- if var("soft_opt_in") %}
                -- who bought, paid and kept something may be written to of the like, where the wording offered to
                -- refuse it
                or (
                    {{ may_be_soft_opt_in() }}
                    and exists (
                        select 1
                        from ({{ kept_sales() }}) o
                        where o.customer_id = s.customer_id and o.ordered_at <= s.effective_at
                    )
                )
            {%- endif %}
        )
    )
{%- endmacro %}

{#- SQL on a statement s: whether its contact point is one of the kind that its channel goes to. -#}
{% macro is_of_the_channels_kind() -%}
    case
        when s.channel in ({{ channels_where("contact_point_kind = 'email'") }})
        then s.contact_point like '%@%'
        when s.channel in ({{ channels_where("contact_point_kind in ('phone', 'address')") }})
        then s.contact_point not like '%@%'
        else s.channel in ({{ channels_where("contact_point_kind = 'any'") }})
    end
{%- endmacro %}

{#- SQL on a statement s and a purpose p: whether it says the legal basis of the purpose, or none. -#}
{% macro is_on_the_purposes_basis() -%} lower(coalesce(s.legal_basis, 'consent')) = p.legal_basis {%- endmacro %}

{#- SQL on a statement s and a purpose p: whether it says soft opt-in, and the law knows one for its purpose and channel. -#}
{% macro may_be_soft_opt_in() -%}
    lower(s.legal_basis) = 'soft opt-in'
    and p.is_marketing
    and s.channel in ({{ channels_where("is_electronic_mail") }})
{%- endmacro %}

{#- SQL: the channels of the seed for which a condition on it holds. -#}
{% macro channels_where(condition) -%} select channel from {{ ref("channels") }} where {{ condition }} {%- endmacro %}

{#- SQL on a permission: whether its contact point is a place, or its channel goes to one. -#}
{% macro is_address(of) -%}
    (
        {{ of }}.channel in ({{ channels_where("contact_point_kind = 'address'") }})
        or {{ of }}.contact_point not like '%@%'
        and {{ letters(of ~ ".contact_point") }} != ''
    )
{%- endmacro %}

{#- SQL on a row of protected_customers: why nobody may write to the address. -#}
{% macro protected_reason_code(of) -%}
    case when {{ of }}.is_protected then 'protected_identity' else 'deceased' end
{%- endmacro %}

{#- SQL: the words of the seed permission_reasons for people, with what they are about in their place. -#}
{% macro reason_about(words, about) -%} replace({{ words }}, '{}', coalesce({{ about }}, '')) {%- endmacro %}

{#- SQL: whether the customer c.customer_id had permitted a purpose on a channel at a time. Each argument is an expression. -#}
{% macro permission_as_of(purpose, channel, at) -%}
    exists (
        select 1
        from {{ ref("contact_permission_history") }} h
        where
            h.customer_id = c.customer_id
            and h.purpose = {{ purpose }}
            and h.channel = {{ channel }}
            and h.is_permitted
            and {{ holds_at(at, "h.") }}
    )
{%- endmacro %}

{#- SQL on a row of contact_permission_history: whether it is what held at a time. -#}
{% macro holds_at(at, of="") -%}
    ({{ at }} >= {{ of }}valid_from and coalesce({{ at }} < {{ of }}valid_to, true))
{%- endmacro %}
