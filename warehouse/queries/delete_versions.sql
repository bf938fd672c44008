-- stage_ids(id): articles whose versions are written anew
DELETE FROM clean.article_versions WHERE article_id IN (SELECT id FROM stage_ids)
