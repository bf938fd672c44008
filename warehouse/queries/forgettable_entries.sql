-- stage_limits(feed_id, until): feeds, as for articles. Their entries that are no article: blocked, or never cleaned.
SELECT e.entry_id
FROM raw.entries e JOIN stage_limits l ON l.feed_id = e.feed_id
WHERE e.article_id IS NULL AND (l.until IS NULL OR coalesce(e.published_at, e.first_seen_at) < l.until)
