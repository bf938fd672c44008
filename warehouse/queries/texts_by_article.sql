SELECT article_id, content_text FROM clean.articles WHERE article_id IN (SELECT id FROM stage_ids);
