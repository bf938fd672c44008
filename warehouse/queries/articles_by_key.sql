-- stage_ids(id): keys. Of a key that names a crowd, the first 33 articles (`warehouse.load.identities.CROWD`).
-- Finds the rowids first: for those only the hashes are read.
SELECT k.key, k.article_id, a.feed_id, a.title, a.url, a.guid, a.published_at, a.published_known
FROM clean.article_keys k
JOIN clean.articles a ON a.article_id = k.article_id
WHERE k.rowid IN (
    SELECT h.rowid FROM clean.article_keys h SEMI JOIN (SELECT md5_number_lower(id) AS hash FROM stage_ids) s ON h.key_hash = s.hash
)
AND k.key IN (SELECT id FROM stage_ids)
QUALIFY row_number() OVER (PARTITION BY k.key ORDER BY k.article_id) <= 33
