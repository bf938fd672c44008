-- stage_page_feeds(feed_id, policy, steps: seconds after the first reading); $gone_after: seconds.
-- When the pages that were just read, or found missing, are asked again.
UPDATE clean.pages SET next_try_at = s.next_try_at
FROM (
    SELECT
        p.article_id,
        CASE
            WHEN p.missing_count > 0 THEN p.fetched_at + to_seconds($gone_after)
            ELSE list_min(
                [
                    p.first_fetched_at + to_seconds(step)
                    FOR step IN f.steps IF p.first_fetched_at + to_seconds(step) > p.fetched_at
                ]
            )
        END AS next_try_at
    FROM clean.pages p JOIN stage_page_feeds f ON f.feed_id = p.feed_id
    WHERE p.next_try_at IS NULL AND p.gone_at IS NULL AND f.policy <> 'never'
        AND (p.status = 'stored' OR (p.status = 'failed' AND p.missing_count > 0))
) s
WHERE pages.article_id = s.article_id AND s.next_try_at IS NOT NULL
