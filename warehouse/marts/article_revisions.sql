-- topic: The past
-- unit version: from 1
-- unit words_before: words; characters in Chinese, Japanese, Korean and Thai
-- unit words_after: words; characters in Chinese, Japanese, Korean and Thai
-- example:
--   SELECT valid_from, feed_id, title_before, title_after, words_after - words_before AS words
--   FROM marts.article_revisions
--   WHERE title_changed
--   LIMIT 20
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
COMMENT ON COLUMN marts.article_revisions.article_id IS 'The article that changed; clean.articles.article_id';
COMMENT ON COLUMN marts.article_revisions.feed_id IS 'The feed whose text the new version is; its id in feeds.toml';
COMMENT ON COLUMN marts.article_revisions.version IS 'Number of the version that the change led to, from 2: versions are counted in order of time';
COMMENT ON COLUMN marts.article_revisions.valid_from IS 'When the new version was first seen, UTC: valid_from of clean.article_versions';
COMMENT ON COLUMN marts.article_revisions.url IS 'Address of the new version, tracking left out';
COMMENT ON COLUMN marts.article_revisions.title_before IS 'Plain text of the title in the version before';
COMMENT ON COLUMN marts.article_revisions.title_after IS 'Plain text of the title in the new version';
COMMENT ON COLUMN marts.article_revisions.title_changed IS 'Whether the two titles differ; false where only the text changed';
COMMENT ON COLUMN marts.article_revisions.words_before IS 'Length of the text before: words in spaced scripts, characters in Chinese, Japanese, Korean and Thai';
COMMENT ON COLUMN marts.article_revisions.words_after IS 'Length of the text after: words in spaced scripts, characters in Chinese, Japanese, Korean and Thai';
COMMENT ON COLUMN marts.article_revisions.text_before IS 'Plain text of the version before, with its structure: # headings, - lists, > quotes, a | b tables';
COMMENT ON COLUMN marts.article_revisions.text_after IS 'Plain text of the new version, with the same structure';
