-- A key may name several articles: a feed's entries that link to one page, or that have one guid. Which of them an entry
-- is, or none, its title, text and date tell.

-- an article whose address another feed's article had got a key of its own
UPDATE clean.article_keys SET key = regexp_replace(key, ' in [^ ]+$', '') WHERE key LIKE 'url:% in %';
-- a guid that is an address stays the same from http to https
UPDATE clean.article_keys SET key = regexp_replace(key, '^(guid:[^:]*:)https?://', '\1//')
WHERE regexp_matches(key, '^guid:[^:]*:https?://');
UPDATE clean.article_keys SET key_hash = md5_number_lower(key) WHERE key_hash IS DISTINCT FROM md5_number_lower(key);
COMMENT ON TABLE clean.article_keys IS 'What may identify an article: its addresses and guids. Key: key, article_id.';
COMMENT ON COLUMN clean.article_keys.key IS 'url:… (scheme, www, tracking left out) or guid:feed:…; articles whose title, text and date differ may share it';
