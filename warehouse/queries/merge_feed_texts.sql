-- stage_feed_texts(article_id, feed_id, feed_title, feed_hash, feed_words, fetched_at): what feeds say now of articles
-- that have a page. Where that has changed, the page is asked again, unconditionally: the feed says that the article was
-- edited. Another feed's words for it are no edit; nor is a text of which nothing was known (`reprocess`).
MERGE INTO clean.pages t USING stage_feed_texts s
ON t.article_id = s.article_id AND t.feed_id = s.feed_id
WHEN MATCHED AND t.feed_hash IS DISTINCT FROM s.feed_hash AND s.fetched_at > coalesce(t.fetched_at, '-infinity')
THEN UPDATE SET
    title = CASE WHEN t.feed_title IS DISTINCT FROM s.feed_title THEN NULL ELSE t.title END,
    feed_title = s.feed_title,
    feed_hash = s.feed_hash,
    feed_words = s.feed_words,
    etag = CASE WHEN t.feed_hash IS NULL AND t.feed_title IS NOT DISTINCT FROM s.feed_title THEN t.etag END,
    last_modified = CASE
        WHEN t.feed_hash IS NULL AND t.feed_title IS NOT DISTINCT FROM s.feed_title THEN t.last_modified
    END,
    next_try_at = CASE
        WHEN t.feed_hash IS NULL AND t.feed_title IS NOT DISTINCT FROM s.feed_title THEN t.next_try_at
        WHEN t.status IN ('stored', 'gone') THEN s.fetched_at
        ELSE t.next_try_at
    END
