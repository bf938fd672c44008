-- stage_page_feeds(feed_id, policy, steps); $since: articles first seen since then; $all: whatever their text looks like.
-- A row for each article whose page is wanted and that has none yet.
INSERT INTO clean.pages BY NAME
SELECT
    a.article_id, a.feed_id, a.url, 'pending' AS status, 0 AS attempts, 0 AS missing_count,
    a.word_count AS feed_words, a.content_hash AS feed_hash, a.title AS feed_title
FROM clean.articles a
JOIN stage_page_feeds f ON f.feed_id = a.feed_id
LEFT JOIN ops.feeds o ON o.feed_id = a.feed_id
WHERE a.first_seen_at >= $since
    AND a.text_source = 'feed'
    AND a.source = 'feed' -- what a backfill brought waits until it is asked for
    -- a site's front page is no article's; a recording is no page
    AND regexp_matches(a.url, '^https?://') AND regexp_replace(a.url, '^https?://[^/?#]+/*(#.*)?', '') <> ''
    AND NOT regexp_matches(lower(a.url), '\.(mp3|m4a|mp4|ogg|wav|webm|jpe?g|png|gif|webp|zip|epub)([?#]|$)')
    AND (
        f.policy = 'always'
        OR (f.policy = 'auto' AND o.full_text = 'teaser')
        OR (f.policy = 'auto' AND o.full_text IS NULL AND a.teaser IS NOT NULL)
    )
    AND NOT EXISTS (FROM clean.pages p WHERE p.article_id = a.article_id)
