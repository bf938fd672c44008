-- Which edits the feed did not show, for analysts who have no raw.entries; and pages that came back.

ALTER TABLE clean.article_versions ADD COLUMN is_silent BOOLEAN;
COMMENT ON COLUMN clean.article_versions.is_silent IS 'Whether it is an edit that only the article''s page showed: since the version before, no feed had a new title or text of it; false for the first version';

ALTER TABLE clean.pages ADD COLUMN back_at TIMESTAMPTZ;
COMMENT ON COLUMN clean.pages.back_at IS 'When a page that was gone was read again, UTC; NULL while it is gone, or if it never was';
COMMENT ON COLUMN clean.pages.gone_at IS 'When it was last found to be taken down, UTC: missing twice, a day apart by default';
