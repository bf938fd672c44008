-- stage_ids(id): articles whose versions are about to be rewritten
DELETE FROM clean.article_versions WHERE article_id IN (SELECT id FROM stage_ids)
