-- The articles of synthetic.texts as rows of a warehouse (attached as newsmill), from number $first to $last, exclusive.
-- When all texts have been used, they are used again, each time rotated: cut at another position, second part first.
CREATE OR REPLACE TEMP TABLE rotated AS
SELECT
    n AS i, md5('article ' || n) AS article_id, md5('hash ' || n) AS content_hash, md5('entry ' || n) AS entry_id,
    t.* EXCLUDE (i, article_id, content_hash, entry_id, url, title, content_text, content_html, first_seen_at,
        published_at, lead_image_id),
    substr(title, 6) || ' ' || left(title, 5) || ' ' || n AS title,
    regexp_extract(t.url, '^https://[^/]+/') || n AS url,
    if(n < size, content_text, substr(content_text, cut) || ' ' || left(content_text, cut - 1)) AS content_text,
    if(n < size, content_html, '<p>' || substr(content_text, cut) || '</p>' || left(content_html, length(content_html) - length(content_text) + cut)) AS content_html,
    TIMESTAMPTZ '2026-11-20 12:00:00+00' - to_seconds((1000000 - n) * 60) AS first_seen_at,
    TIMESTAMPTZ '2026-11-20 12:00:00+00' - to_seconds((1000000 - n) * 60 + hash(n) % 7200) AS published_at,
    if(n % 5 < 3, md5('image ' || n), NULL) AS lead_image_id
FROM (
    SELECT n, size, n % size AS i, (1 + hash(n) % 100) AS share
    FROM range($first, $last) numbers(n), (SELECT count(*) AS size FROM synthetic.texts)
)
JOIN (SELECT *, 2 + length(content_text) // 2 AS middle FROM synthetic.texts) t USING (i),
    LATERAL (SELECT greatest(2, middle * share // 100)::BIGINT AS cut)
ORDER BY n;

INSERT INTO newsmill.clean.articles BY NAME
SELECT
    article_id, feed_id, url AS guid, url, url AS canonical_url, title, author, published_at, true AS published_known,
    first_seen_at, first_seen_at AS last_seen_at, language, summary, content_html, content_text, word_count, categories,
    lead_image_id, 1 AS version, content_hash, 'feed' AS source, entry_id
FROM rotated;

INSERT INTO newsmill.clean.article_versions BY NAME
SELECT
    article_id, 1 AS version, first_seen_at AS valid_from, first_seen_at AS last_seen_at, feed_id, url AS guid, url,
    url AS canonical_url, title, author, published_at, true AS published_known, language, summary, content_html,
    content_text, word_count, categories, lead_image_id, content_hash, 'feed' AS source, entry_id
FROM rotated;

INSERT INTO newsmill.clean.article_keys BY NAME
SELECT key, article_id, md5_number_lower(key) AS key_hash
FROM (SELECT unnest(['url:' || substr(url, 9), 'guid:' || feed_id || ':' || url]) AS key, article_id FROM rotated);

INSERT INTO newsmill.clean.images BY NAME
SELECT lead_image_id AS image_id, url || '.jpg' AS url, 'stored' AS status, 'image/jpeg' AS media_type, 1200 AS width,
    800 AS height, 90000 AS bytes, md5(url) || md5(title) AS sha256, left(lead_image_id, 2) || '/' || lead_image_id AS path,
    1 AS attempts, first_seen_at AS fetched_at
FROM rotated WHERE lead_image_id IS NOT NULL;

INSERT INTO newsmill.clean.article_images BY NAME
SELECT article_id, 0 AS position, lead_image_id AS image_id, true AS is_lead
FROM rotated WHERE lead_image_id IS NOT NULL;

INSERT INTO newsmill.raw.entries BY NAME
SELECT entry_id, feed_id, md5('document ' || i // 20) AS document_id, i % 20 AS position, url AS guid, url AS link, title,
    content_html, '{}' AS parsed, first_seen_at, first_seen_at AS last_seen_at, article_id, content_hash, word_count,
    md5_number_lower(entry_id) AS entry_hash
FROM rotated;

INSERT INTO newsmill.raw.documents BY NAME
SELECT md5('document ' || i // 20) AS document_id, any_value(feed_id) AS feed_id, any_value(url) AS url,
    max(first_seen_at) AS fetched_at, 200 AS status, '{}' AS headers, 100000 AS size, 'feed' AS source, 'feed' AS form
FROM rotated GROUP BY i // 20;
