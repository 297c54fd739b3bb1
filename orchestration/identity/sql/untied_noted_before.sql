-- what was acknowledged by its load, or by its key and content, as earlier versions noted it
insert or ignore into ops.acknowledged select distinct on (w.digest) w.digest, a.acknowledged_at, a.note
from identity.untied_withdrawals w
join ops.acknowledged a on a.digest = md5(concat_ws('|', w.source_system, w.entity, w.load_id, w.source_key));
insert or ignore into ops.acknowledged select distinct on (l.digest) l.digest, a.acknowledged_at, a.note
from (
    select {{ by_content }} as digest, {{ digest_before }} as digest_before
    from {{ ledger }} l where not coalesce(was_tied, false)
) l
join ops.acknowledged a on a.digest = l.digest_before;
