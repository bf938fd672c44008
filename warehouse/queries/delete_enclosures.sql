-- stage_ids(id): articles whose enclosures are about to be rewritten
DELETE FROM clean.enclosures WHERE article_id IN (SELECT id FROM stage_ids)
