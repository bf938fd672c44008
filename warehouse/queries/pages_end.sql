-- stage_ids(id): the articles whose pages are gone
UPDATE clean.pages SET status = 'gone', gone_at = fetched_at, gone_reason = error, back_at = NULL, next_try_at = NULL
WHERE article_id IN (SELECT id FROM stage_ids)
