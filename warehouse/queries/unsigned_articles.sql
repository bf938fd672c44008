SELECT a.article_id, a.content_hash, coalesce(a.title, ''), coalesce(a.content_text, '')
FROM clean.articles a
LEFT JOIN ops.article_signatures s USING (article_id)
WHERE s.content_hash IS DISTINCT FROM a.content_hash OR s.method IS DISTINCT FROM $method
ORDER BY a.article_id
LIMIT $most;
