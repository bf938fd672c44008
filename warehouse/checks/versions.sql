-- An article's versions are numbered from 1 without a gap, follow each other in time, and the last is the current text.
WITH whole AS (
    SELECT
        article_id,
        count(*) AS versions,
        max(version) AS last,
        min(version) AS first,
        count(*) FILTER (valid_to IS NULL) AS open,
        count(*) FILTER (valid_to < valid_from) AS backward,
        arg_max(content_hash, version) AS content_hash,
        arg_max(valid_to IS NULL, version) AS open_at_last
    FROM clean.article_versions
    GROUP BY article_id
)
SELECT a.article_id || ': version ' || a.version || ', and clean.article_versions has '
    || coalesce(w.versions, 0) || ', of which ' || coalesce(w.open, 0) || ' have no end' AS wrong
FROM clean.articles a LEFT JOIN whole w ON w.article_id = a.article_id
WHERE w.article_id IS NULL
    OR w.first <> 1 OR w.last <> w.versions OR w.versions <> a.version
    OR w.open <> 1 OR NOT w.open_at_last OR w.backward > 0
    OR w.content_hash <> a.content_hash
UNION ALL
SELECT w.article_id || ': has versions and is not in clean.articles'
FROM whole w ANTI JOIN clean.articles a ON a.article_id = w.article_id
