-- stage_ids(id): erasures that are done.
DELETE FROM ops.erasures WHERE erasure_id IN (SELECT id FROM stage_ids)
