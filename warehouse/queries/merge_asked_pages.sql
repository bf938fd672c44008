-- stage_asked_pages: pages that were asked for and gave no document: failures, refusals, and those that did not change.
MERGE INTO clean.pages t USING stage_asked_pages s
ON t.article_id = s.article_id
WHEN MATCHED THEN UPDATE SET
    status = CASE WHEN s.status IS NULL OR t.status IN ('stored', 'gone') THEN t.status ELSE s.status END,
    http_status = s.http_status,
    attempts = CASE WHEN s.status IS NULL THEN 0 ELSE t.attempts + 1 END,
    error = s.error,
    next_try_at = s.next_try_at,
    fetched_at = s.fetched_at,
    missing_since = CASE WHEN s.status IS NOT NULL THEN t.missing_since END,
    missing_count = CASE WHEN s.status IS NOT NULL THEN t.missing_count ELSE 0 END
