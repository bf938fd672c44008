-- stage_read_pages: what reading a page gave (warehouse/load/pages.py). A reading that is older than what is known
-- changes nothing: `reprocess` and late loads come in any order.
MERGE INTO clean.pages t USING stage_read_pages s
ON t.article_id = s.article_id
WHEN MATCHED AND (t.fetched_at IS NULL OR s.fetched_at >= t.fetched_at) THEN UPDATE SET
    url = s.url,
    final_url = s.final_url,
    -- a page that was read stays stored, whatever answers later, until it is gone
    status = CASE WHEN t.status IN ('stored', 'gone') AND s.status <> 'stored' THEN t.status ELSE s.status END,
    http_status = s.http_status,
    attempts = 0,
    error = s.error,
    next_try_at = NULL,
    fetched_at = s.fetched_at,
    first_fetched_at = coalesce(t.first_fetched_at, s.first_fetched_at),
    etag = s.etag,
    last_modified = s.last_modified,
    title = coalesce(t.title, s.title),
    words = coalesce(s.words, t.words),
    feed_words = coalesce(t.feed_words, s.feed_words),
    is_free = coalesce(s.is_free, t.is_free),
    document_id = CASE WHEN s.status = 'stored' THEN s.document_id ELSE t.document_id END,
    feed_title = coalesce(t.feed_title, s.feed_title),
    feed_hash = coalesce(t.feed_hash, s.feed_hash),
    missing_since = CASE WHEN s.missing_count > 0 THEN coalesce(t.missing_since, s.fetched_at) END,
    missing_count = CASE
        WHEN s.missing_count = 0 THEN 0
        WHEN t.fetched_at = s.fetched_at THEN t.missing_count -- the same answer once more
        ELSE coalesce(t.missing_count, 0) + 1
    END,
    back_at = CASE WHEN t.status = 'gone' AND s.status = 'stored' THEN s.fetched_at ELSE t.back_at END
WHEN NOT MATCHED THEN INSERT BY NAME
