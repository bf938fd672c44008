-- Every current article of the sites, without its text; file: its path in an archive. $sites: feed ids, all if empty
WITH chosen AS (
    SELECT a.*
    FROM newsmill.clean.articles AS a
    WHERE len($sites::VARCHAR[]) = 0 OR list_contains($sites, a.feed_id)
),
files AS (
    SELECT
        e.article_id,
        arg_min(e.parsed ->> '$.file', (e.first_seen_at, e.entry_id)) AS file,
        arg_min(e.parsed ->> '$.file', e.entry_id) FILTER (
            e.entry_id IN (SELECT entry_id FROM chosen)
        ) AS current_file
    FROM newsmill.raw.entries AS e
    WHERE e.document_id IN (SELECT document_id FROM newsmill.raw.documents WHERE form = 'article')
    GROUP BY e.article_id
)
SELECT
    c.article_id, c.feed_id, c.title, c.url, c.author, c.categories, c.first_seen_at,
    c.published_at, c.published_known, coalesce(f.current_file, f.file) AS file
FROM chosen AS c LEFT JOIN files AS f ON f.article_id = c.article_id
