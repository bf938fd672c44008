-- topic: Who carries what
-- note: The copies name the first article in `duplicate_of`. A short text is a copy only in another feed, under the
--   same title, if it says the same or adds to it; "Read more" and the like are copies of nothing. What a feed repeats
--   under different titles, such as a channel's description below its videos, is no story.
--   `clean.similar_articles` has the pairs with their similarity, from 0.4.
-- empty in the demo: each of the sample site's stories has one address, and so is one article
-- unit copies: articles
-- unit other_feeds: feeds
-- unit seconds_to_first_copy: seconds
-- example:
--   SELECT title, feed_id, copied_by, to_seconds(seconds_to_first_copy) AS after
--   FROM marts.syndication
--   ORDER BY other_feeds DESC, published_at DESC
CREATE OR REPLACE VIEW marts.syndication AS
SELECT
    o.article_id, o.title, o.feed_id, o.url, o.published_at,
    count(*) AS copies,
    count(DISTINCT c.feed_id) FILTER (WHERE c.feed_id <> o.feed_id) AS other_feeds,
    list(DISTINCT c.feed_id ORDER BY c.feed_id) AS copied_by,
    min(c.published_at) AS first_copied_at,
    max(c.published_at) AS last_copied_at,
    epoch(min(c.published_at) - o.published_at) AS seconds_to_first_copy,
    list(c.article_id ORDER BY c.published_at, c.article_id) AS copy_ids
FROM clean.articles o
JOIN clean.articles c ON c.duplicate_of = o.article_id
GROUP BY o.article_id, o.title, o.feed_id, o.url, o.published_at;
COMMENT ON VIEW marts.syndication IS 'Stories that were told more than once: the first article, and who carried nearly the same text within two weeks of it.';
COMMENT ON COLUMN marts.syndication.article_id IS 'The first article of the story; clean.articles.article_id';
COMMENT ON COLUMN marts.syndication.title IS 'Its title as plain text';
COMMENT ON COLUMN marts.syndication.feed_id IS 'The feed whose text this is; its id in feeds.toml';
COMMENT ON COLUMN marts.syndication.url IS 'Its address, tracking left out';
COMMENT ON COLUMN marts.syndication.published_at IS 'When it was published, UTC; when newsmill first saw it where the feed doesn''t say';
COMMENT ON COLUMN marts.syndication.copies IS 'Number of articles that repeat it: those whose duplicate_of is its article_id';
COMMENT ON COLUMN marts.syndication.other_feeds IS 'Number of feeds besides its own that have a copy';
COMMENT ON COLUMN marts.syndication.copied_by IS 'Feeds that have a copy, its own included where that repeats it: each once, by feed_id';
COMMENT ON COLUMN marts.syndication.first_copied_at IS 'When the earliest copy was published, UTC: the least published_at';
COMMENT ON COLUMN marts.syndication.last_copied_at IS 'When the latest copy was published, UTC: the greatest published_at';
COMMENT ON COLUMN marts.syndication.seconds_to_first_copy IS 'Seconds from its own published_at to that of the earliest copy';
COMMENT ON COLUMN marts.syndication.copy_ids IS 'article_id of the copies, in the order in which they were published';
