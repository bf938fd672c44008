-- The text of each article as its entry has it. $sites: feed ids, all if empty; published from $since until before $until.
-- Only ids are joined to the texts, so that the join takes little memory.
WITH chosen AS (
    SELECT a.article_id, a.entry_id
    FROM newsmill.clean.articles AS a
    WHERE (len($sites::VARCHAR[]) = 0 OR list_contains($sites, a.feed_id))
        AND ($since::TIMESTAMPTZ IS NULL OR a.published_at >= $since)
        AND ($until::TIMESTAMPTZ IS NULL OR a.published_at < $until)
),
files AS (SELECT DISTINCT document_id FROM newsmill.raw.documents WHERE form = 'article')
SELECT
    c.article_id,
    e.content_html,
    CASE WHEN f.document_id IS NOT NULL THEN e.parsed END AS parsed
FROM newsmill.raw.entries AS e
JOIN chosen AS c ON c.entry_id = e.entry_id
LEFT JOIN files AS f ON f.document_id = e.document_id
