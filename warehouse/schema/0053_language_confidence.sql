-- How far an article's language can be relied on.

ALTER TABLE clean.articles ADD COLUMN language_confidence DOUBLE;
ALTER TABLE clean.article_versions ADD COLUMN language_confidence DOUBLE;
COMMENT ON COLUMN clean.articles.language IS 'ISO 639-1, detected from title and text; the feed''s own where these don''t tell';
COMMENT ON COLUMN clean.articles.language_confidence IS 'How sure the language is; NULL where it is the feed''s own';
COMMENT ON COLUMN clean.article_versions.language_confidence IS 'As in clean.articles';
