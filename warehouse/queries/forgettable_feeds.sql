-- Every feed that has an entry.
SELECT DISTINCT feed_id FROM raw.entries
