-- stage_descriptions: what the feeds of a batch say of themselves; each has its row already (merge_feed_names).
-- An older document, of a backfill, does not replace what a newer one says.
MERGE INTO ops.feeds t USING stage_descriptions s
ON t.feed_id = s.feed_id
WHEN MATCHED AND (t.described_at IS NULL OR s.described_at >= t.described_at) THEN UPDATE SET
    title = s.title,
    description = s.description,
    link = s.link,
    icon = s.icon,
    language = CASE WHEN t.language IS NOT DISTINCT FROM t.stated_language THEN s.stated_language ELSE t.language END,
    stated_language = s.stated_language,
    described_at = s.described_at
