DELETE FROM ops.article_signatures WHERE article_id IN (SELECT id FROM stage_ids);
DELETE FROM clean.similar_articles
WHERE article_id IN (SELECT id FROM stage_ids) OR other_id IN (SELECT id FROM stage_ids);
