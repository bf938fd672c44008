-- No article, version, entry or key is there twice, and every key and cleaned entry belongs to an article.
SELECT article_id || ': twice in clean.articles' AS wrong
FROM clean.articles GROUP BY article_id HAVING count(*) > 1
UNION ALL
SELECT article_id || ': version ' || version || ' twice'
FROM clean.article_versions GROUP BY article_id, version HAVING count(*) > 1
UNION ALL
SELECT entry_id || ': twice in raw.entries'
FROM raw.entries GROUP BY entry_id HAVING count(*) > 1
UNION ALL
SELECT key || ': names the article ' || article_id || ' twice'
FROM clean.article_keys GROUP BY key, article_id HAVING count(*) > 1
UNION ALL
SELECT k.article_id || ': no such article, and the key ' || k.key || ' names it'
FROM clean.article_keys k ANTI JOIN clean.articles a ON a.article_id = k.article_id
UNION ALL
SELECT e.article_id || ': no such article, and the entry ' || e.entry_id || ' belongs to it'
FROM (FROM raw.entries WHERE article_id IS NOT NULL) e ANTI JOIN clean.articles a ON a.article_id = e.article_id
