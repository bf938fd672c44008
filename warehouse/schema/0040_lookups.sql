-- Loading asks of each entry and key whether it is there. Numbers for them are an eighth of what the texts take, and so
-- is the reading of a large table.

ALTER TABLE raw.entries ADD COLUMN entry_hash UBIGINT;
ALTER TABLE clean.article_keys ADD COLUMN key_hash UBIGINT;
UPDATE raw.entries SET entry_hash = md5_number_lower(entry_id);
UPDATE clean.article_keys SET key_hash = md5_number_lower(key);
COMMENT ON COLUMN raw.entries.entry_hash IS 'md5_number_lower(entry_id): by it an entry is found sooner';
COMMENT ON COLUMN clean.article_keys.key_hash IS 'md5_number_lower(key): by it a key is found sooner';
