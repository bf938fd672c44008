-- stage_ids(id): articles whose images are about to be rewritten
DELETE FROM clean.article_images WHERE article_id IN (SELECT id FROM stage_ids)
