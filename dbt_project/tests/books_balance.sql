-- Nothing is lost on the way from raw to conformed. Fails with the source and entity whose books do not balance.
select source_system, entity, raw_count, staged_count, quarantined_count from {{ ref("books") }} where not is_balanced
