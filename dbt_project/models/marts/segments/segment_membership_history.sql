{{ config(materialized="view") }}
select m.customer_id, m.scheme, m.segment, m.entered_at, m.left_at
from {{ source("identity", "segment_memberships") }} m
left join {{ source("identity", "customer_id_redirects") }} d on d.old_customer_id = m.customer_id
where
    {{ is_free("coalesce(d.customer_id, m.customer_id)") }}
    and not exists (
        select 1 from {{ ref("segment_changes") }} t where t.customer_id = m.customer_id and t.scheme = m.scheme
    )
union all
select c.customer_id, c.scheme, c.segment, c.entered_at, c.left_at
from {{ ref("segment_changes") }} c
where c.segment is not null and {{ is_free("c.customer_id") }}
