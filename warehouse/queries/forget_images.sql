-- stage_ids(id): images.
DELETE FROM clean.images WHERE image_id IN (SELECT id FROM stage_ids)
