-- stage_ids(id): entries
-- Finds the rowids first: for those only the hashes are read.
SELECT e.entry_id, e.first_seen_at
FROM raw.entries e
WHERE e.rowid IN (
    SELECT h.rowid FROM raw.entries h SEMI JOIN (SELECT md5_number_lower(id) AS hash FROM stage_ids) s ON h.entry_hash = s.hash
)
AND e.entry_id IN (SELECT id FROM stage_ids)
