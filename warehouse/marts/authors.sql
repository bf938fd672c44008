-- topic: Who and what
-- unit articles: articles
-- unit words: words; characters in Chinese, Japanese, Korean and Thai
-- example:
--   SELECT author, articles, last_published_at FROM marts.authors WHERE feed_id = 'harbour-en'
CREATE OR REPLACE VIEW marts.authors AS
WITH written AS (
    SELECT
        unnest(list_distinct(coalesce(authors, [author]))) AS author,
        feed_id, word_count, published_at
    FROM clean.articles
    WHERE author IS NOT NULL
)
SELECT
    author, feed_id, count(*) AS articles, sum(word_count) AS words,
    min(published_at) AS first_published_at, max(published_at) AS last_published_at
FROM written
GROUP BY author, feed_id
ORDER BY articles DESC, author;
COMMENT ON VIEW marts.authors IS 'Who wrote how much for which feed, as the feeds name them: a row a person and feed.';
COMMENT ON COLUMN marts.authors.author IS 'A person''s name, as the feed gives it';
COMMENT ON COLUMN marts.authors.feed_id IS 'The feed whose texts these are; its id in feeds.toml';
COMMENT ON COLUMN marts.authors.articles IS 'Number of articles by this author, alone or with others, in the feed, those that repeat another included: counted in clean.articles';
COMMENT ON COLUMN marts.authors.words IS 'Length of their texts together: words in spaced scripts, characters in Chinese, Japanese, Korean and Thai; the sum of word_count';
COMMENT ON COLUMN marts.authors.first_published_at IS 'When the earliest of them was published, UTC: the least published_at';
COMMENT ON COLUMN marts.authors.last_published_at IS 'When the latest of them was published, UTC: the greatest published_at';
