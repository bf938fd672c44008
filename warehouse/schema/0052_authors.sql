-- Each of an article's authors, where `author` has them in one text.

ALTER TABLE clean.articles ADD COLUMN authors VARCHAR[];
ALTER TABLE clean.article_versions ADD COLUMN authors VARCHAR[];
COMMENT ON COLUMN clean.articles.author IS 'Names as the feed gives them, joined by commas';
COMMENT ON COLUMN clean.articles.authors IS 'Each author by name; several in one text of the feed are told apart where they are plainly persons';
COMMENT ON COLUMN clean.article_versions.authors IS 'As in clean.articles';
