SELECT article_id, coalesce(title, '') AS title, coalesce(content_text, '') AS content_text
FROM clean.articles WHERE article_id IN (SELECT id FROM stage_ids);
