SELECT a.title, a.url
FROM clean.article_keys k JOIN clean.articles a USING (article_id)
WHERE k.key LIKE 'url:%' LIMIT 20
