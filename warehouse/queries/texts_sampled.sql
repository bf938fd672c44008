-- Fifty random articles. Samples the ids first, so that few texts are read.
WITH chosen AS (SELECT article_id FROM clean.articles USING SAMPLE reservoir(50 ROWS))
SELECT a.article_id, a.title, a.content_text, a.content_hash
FROM clean.articles a SEMI JOIN chosen c ON c.article_id = a.article_id
