DELETE FROM search.documents d
WHERE NOT EXISTS (
    FROM clean.articles a WHERE a.article_id = d.article_id AND a.content_hash IS NOT DISTINCT FROM d.content_hash
);
