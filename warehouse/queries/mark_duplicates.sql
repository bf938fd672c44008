UPDATE clean.articles a
SET duplicate_of = f.first_id
FROM (
    SELECT m.article_id, s.first_id
    FROM clean.articles m LEFT JOIN stage_duplicates s ON s.article_id = m.article_id
    WHERE m.duplicate_of IS DISTINCT FROM s.first_id
) f
WHERE a.article_id = f.article_id;
