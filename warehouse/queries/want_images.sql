-- stage_policies(feed_id, policy). Makes images pending that were skipped before the feed's policy was widened.
UPDATE clean.images SET status = 'pending'
WHERE status = 'skipped' AND image_id IN (
    SELECT ai.image_id
    FROM clean.article_images ai
    JOIN clean.articles a USING (article_id)
    JOIN stage_policies p ON p.feed_id = a.feed_id
    WHERE p.policy = 'all' OR (p.policy = 'lead' AND ai.is_lead)
)
