-- Which of the edits that are loaded already were silent: a migration of its own, as DuckDB updates no table that the
-- transaction has altered.

UPDATE clean.article_versions SET is_silent = s.is_silent
FROM (
    SELECT v.article_id, v.version, v.version > 1 AND v.text_source = 'page' AND count(r.moment) = 0 AS is_silent
    FROM clean.article_versions v
    LEFT JOIN clean.article_versions p ON p.article_id = v.article_id AND p.version = v.version - 1
    LEFT JOIN (
        SELECT e.article_id, e.content_hash, min(e.first_seen_at) AS moment
        FROM raw.entries e JOIN raw.documents d ON d.document_id = e.document_id AND d.feed_id = e.feed_id
        WHERE coalesce(d.form, 'feed') NOT IN ('page', 'pages')
        GROUP BY ALL
    ) r ON r.article_id = v.article_id AND r.moment > p.valid_from AND r.moment <= v.valid_from
    GROUP BY v.article_id, v.version, v.text_source
) s
WHERE article_versions.article_id = s.article_id AND article_versions.version = s.version;
