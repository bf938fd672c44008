-- stage_page_feeds(feed_id, policy, steps: seconds after the first reading); $gone_after: seconds; $gone_steps: seconds
-- after it was taken down.
-- When the pages that were just read, or found missing, are asked again. One that is gone may come back; a feed whose
-- pages are never asked again has no steps.
UPDATE clean.pages SET next_try_at = s.next_try_at
FROM (
    SELECT
        p.article_id,
        CASE
            WHEN p.missing_count > 0 AND p.status <> 'gone' THEN p.fetched_at + to_seconds($gone_after)
            ELSE list_min(
                [
                    since + to_seconds(step)
                    FOR step IN CASE WHEN p.status <> 'gone' THEN f.steps WHEN len(f.steps) > 0 THEN $gone_steps END
                    IF since + to_seconds(step) > p.fetched_at
                ]
            )
        END AS next_try_at
    FROM (SELECT *, CASE WHEN status = 'gone' THEN gone_at ELSE first_fetched_at END AS since FROM clean.pages) p
    JOIN stage_page_feeds f ON f.feed_id = p.feed_id
    WHERE p.next_try_at IS NULL AND f.policy <> 'never'
        AND (p.status IN ('stored', 'gone') OR (p.status = 'failed' AND p.missing_count > 0))
) s
WHERE pages.article_id = s.article_id AND s.next_try_at IS NOT NULL
