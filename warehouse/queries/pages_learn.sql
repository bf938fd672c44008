-- stage_page_feeds(feed_id, policy, steps); $since: what was found out before is forgotten.
-- What the last pages of each feed showed of its texts: that they are teasers, that they are whole, that the site refuses.
-- Where no page was read since, nothing is known any more: each entry is judged by its looks again.
UPDATE ops.feeds SET full_text = s.full_text, full_text_reason = s.full_text_reason
FROM (
    SELECT
        feed_id,
        CASE
            WHEN answered >= 5 AND refused = answered THEN 'refused'
            WHEN answered - refused >= 5 AND 2 * fuller >= answered - refused THEN 'teaser'
            WHEN answered - refused >= 5 AND 10 * fuller < answered - refused THEN 'whole'
        END AS full_text,
        CASE
            WHEN answered >= 5 AND refused = answered THEN 'none of its last ' || answered || ' pages may be read'
            WHEN answered - refused >= 5
                THEN fuller || ' of its last ' || (answered - refused) || ' pages had more text than the feed'
            WHEN answered > 0 THEN 'each entry is judged by its looks: ' || answered || ' pages were read so far'
        END AS full_text_reason
    FROM stage_page_feeds LEFT JOIN (
        SELECT
            feed_id,
            count(*) AS answered,
            count(*) FILTER (WHERE status = 'forbidden') AS refused,
            count(*) FILTER (WHERE words > 1.25 * coalesce(feed_words, 0)) AS fuller
        FROM (
            SELECT p.*
            FROM clean.pages p SEMI JOIN stage_page_feeds f ON f.feed_id = p.feed_id
            WHERE status IN ('stored', 'skipped', 'forbidden', 'gone')
                AND coalesce(first_fetched_at, fetched_at) >= CASE WHEN status = 'forbidden' THEN $refused_since ELSE $since END
            QUALIFY row_number() OVER (PARTITION BY feed_id ORDER BY coalesce(first_fetched_at, fetched_at) DESC, article_id) <= 50
        )
        GROUP BY feed_id
    ) USING (feed_id)
) s
WHERE feeds.feed_id = s.feed_id
    AND (feeds.full_text IS DISTINCT FROM s.full_text OR feeds.full_text_reason IS DISTINCT FROM s.full_text_reason)
