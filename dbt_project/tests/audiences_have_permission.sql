{{ config(meta={"dagster": {"ref": {"name": (var("audiences") or ["contact_permissions"])[0]}}}) }}

-- No permission, no row: every row of every audience has an effective permission for its purpose, channel and address.
-- The var holds every model of the schema audiences. Seeds are not read: a test runs with the first of what it names.
{% for audience in var("audiences") %}
    {{ "union all" if not loop.first }}
    select '{{ audience }}' as audience, a.customer_id
    from {{ ref(audience) }} a
    anti join
        (select * from {{ ref("contact_permissions") }} where is_permitted) p
        on p.customer_id = a.customer_id
        and p.purpose = a.purpose
        and p.channel = a.channel
        and p.contact_point = a.contact_point
{% endfor %}
