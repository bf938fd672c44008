-- topic: Who and what
-- unit links: links
-- unit articles: articles
-- example:
--   SELECT domain, sum(links) AS links, sum(articles) AS articles
--   FROM marts.outbound_links
--   GROUP BY domain
--   ORDER BY articles DESC
--   LIMIT 20
CREATE OR REPLACE VIEW marts.outbound_links AS
WITH links AS (
    SELECT
        feed_id, article_id, regexp_replace(lower(regexp_extract(url, '^https?://([^/:]+)', 1)), '^www\.', '') AS own,
        unnest(regexp_extract_all(content_html, '<a href="https?://(?:[^/"?#@]*@)?(?:www\.)?([^/:"?#]+)', 1, 'i')) AS host
    FROM clean.articles
)
SELECT lower(host) AS domain, feed_id, count(*) AS links, count(DISTINCT article_id) AS articles
FROM links
WHERE lower(host) IS DISTINCT FROM own
GROUP BY domain, feed_id
ORDER BY articles DESC, domain;
COMMENT ON VIEW marts.outbound_links IS 'The sites that a feed''s articles link to, www. left out; links within the article''s own site do not count.';
COMMENT ON COLUMN marts.outbound_links.domain IS 'The host that is linked to, in small letters, without www. and without a port';
COMMENT ON COLUMN marts.outbound_links.feed_id IS 'The feed whose articles link there; its id in feeds.toml';
COMMENT ON COLUMN marts.outbound_links.links IS 'Number of links to it: counted in content_html of the articles'' current versions';
COMMENT ON COLUMN marts.outbound_links.articles IS 'Number of articles with at least one such link';
