CREATE OR REPLACE VIEW marts.article_revisions AS
SELECT
    v.article_id, v.feed_id, v.version, v.valid_from, v.url,
    p.title AS title_before, v.title AS title_after,
    p.title IS DISTINCT FROM v.title AS title_changed,
    p.word_count AS words_before, v.word_count AS words_after,
    p.content_text AS text_before, v.content_text AS text_after
FROM clean.article_versions v
JOIN clean.article_versions p ON p.article_id = v.article_id AND p.version = v.version - 1
WHERE v.version > 1 AND p.valid_to IS NOT NULL
ORDER BY v.valid_from DESC;
COMMENT ON VIEW marts.article_revisions IS 'Each change an article went through: its title and text before and after.';
