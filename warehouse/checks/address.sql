-- Every article has an address if its feed gave one: a link, or a file that it encloses.
WITH without AS (
    SELECT article_id, entry_id, title FROM clean.articles WHERE url IS NULL OR url = ''
)
SELECT w.article_id || ': ' || coalesce(w.title, 'no title') || ' has none, though its feed gave ' || e.link AS wrong
FROM without w JOIN raw.entries e ON e.entry_hash = md5_number_lower(w.entry_id) AND e.entry_id = w.entry_id
-- an address of the web, or a relative one: not mailto:, tag: or javascript:
WHERE length(e.link) <= 4096
    AND (regexp_matches(e.link, '^https?://[^/?#\s]', 'i') OR NOT regexp_matches(e.link, '^([a-z][a-z0-9+.-]*:|#|$)', 'i'))
UNION ALL
SELECT w.article_id || ': ' || coalesce(w.title, 'no title') || ' has none, though it encloses ' || e.url
FROM without w JOIN clean.enclosures e ON e.article_id = w.article_id AND e.position = 0
