UPDATE search.documents d SET place = a.rowid
FROM clean.articles a
WHERE a.article_id = d.article_id AND d.place IS DISTINCT FROM a.rowid;
