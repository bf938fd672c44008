-- stage_ids(id): entries.
DELETE FROM raw.entries WHERE entry_id IN (SELECT id FROM stage_ids)
