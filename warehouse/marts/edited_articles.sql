-- topic: The past
-- unit version: from 1
-- unit words_before: words; characters in Chinese, Japanese, Korean and Thai
-- unit words_after: words; characters in Chinese, Japanese, Korean and Thai
-- unit paragraphs_changed: paragraphs
-- unit seconds_after: seconds
-- example:
--   SELECT edited_at, feed_id, title, to_seconds(seconds_after) AS after, paragraphs_changed, words_after - words_before AS words
--   FROM marts.edited_articles
--   WHERE is_silent OR title_changed
--   LIMIT 20
CREATE OR REPLACE VIEW marts.edited_articles AS
SELECT
    v.article_id, v.feed_id, v.url, v.title, v.version, v.valid_from AS edited_at,
    CAST(epoch(v.valid_from) - epoch(f.valid_from) AS BIGINT) AS seconds_after,
    coalesce(v.is_silent, false) AS is_silent,
    p.title IS DISTINCT FROM v.title AS title_changed,
    len(
        list_filter(
            string_split(v.content_text, chr(10) || chr(10)),
            lambda paragraph: NOT list_contains(string_split(p.content_text, chr(10) || chr(10)), paragraph)
        )
    ) AS paragraphs_changed,
    p.word_count AS words_before, v.word_count AS words_after
FROM clean.article_versions v
JOIN clean.article_versions p ON p.article_id = v.article_id AND p.version = v.version - 1
JOIN clean.article_versions f ON f.article_id = v.article_id AND f.version = 1
WHERE v.version > 1
ORDER BY v.valid_from DESC;
COMMENT ON VIEW marts.edited_articles IS 'Each edit of an article: when, after how long, how much. marts.article_revisions has the texts, `newsmill diff` shows them.';
COMMENT ON COLUMN marts.edited_articles.article_id IS 'The article that was edited; clean.articles.article_id';
COMMENT ON COLUMN marts.edited_articles.feed_id IS 'The feed whose text the new version is; its id in feeds.toml';
COMMENT ON COLUMN marts.edited_articles.url IS 'Address of the new version, tracking left out';
COMMENT ON COLUMN marts.edited_articles.title IS 'Plain text of the new version''s title';
COMMENT ON COLUMN marts.edited_articles.version IS 'Number of the version that the edit led to, from 2';
COMMENT ON COLUMN marts.edited_articles.edited_at IS 'When the new version was first seen, UTC';
COMMENT ON COLUMN marts.edited_articles.seconds_after IS 'From when the article was first seen until the edit';
COMMENT ON COLUMN marts.edited_articles.is_silent IS 'Whether only the article''s page showed it: no feed had a new title or text of it by then';
COMMENT ON COLUMN marts.edited_articles.title_changed IS 'Whether the title is another; false where only the text changed';
COMMENT ON COLUMN marts.edited_articles.paragraphs_changed IS 'Paragraphs of the new text that the text before does not have word for word';
COMMENT ON COLUMN marts.edited_articles.words_before IS 'Length of the text before: words in spaced scripts, characters in Chinese, Japanese, Korean and Thai';
COMMENT ON COLUMN marts.edited_articles.words_after IS 'Length of the text after: words in spaced scripts, characters in Chinese, Japanese, Korean and Thai';
