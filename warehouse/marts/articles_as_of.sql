-- topic: The past
-- note: An article that newsmill had not seen by then is missing. The moment is a text such as `'2026-11-20
--   12:00:00+00'` or any expression that yields a time; the example takes the second before newsmill last saw
--   something new or changed.
-- column article_id: The article; clean.articles.article_id
-- column version: Number of the version that was valid then, from 1: versions are counted in order of time
-- unit version: from 1
-- column feed_id: The feed whose text this is; its id in feeds.toml
-- column url: Its address, tracking left out
-- column title: Title as plain text
-- column author: Names as the feed gave them, joined by commas
-- column authors: Each author by name, as that version has them
-- column published_at: When it was published, UTC, as that version says; valid_from where it doesn't
-- column language: ISO 639-1, detected from the text; the feed's own where the text is too short
-- column word_count: Length of the text: words in spaced scripts, characters in Chinese, Japanese, Korean and Thai
-- unit word_count: words; characters in Chinese, Japanese, Korean and Thai
-- column categories: Categories and tags, as the feed gave them: each once, in their order
-- column summary: The feed's summary or the beginning of the text: plain text, about 300 characters at most
-- column content_text: Plain text with its structure: # headings, - lists, > quotes, a | b tables
-- column content_html: Sanitised HTML: safe to show
-- column valid_from: When this version was first seen, UTC: at the moment or before
-- column valid_to: When the next version was first seen, UTC: after the moment; NULL where it is still the current
--   one
-- example:
--   SELECT title, version, valid_from, valid_to
--   FROM articles_as_of((SELECT max(valid_from) FROM clean.article_versions) - INTERVAL 1 SECOND)
--   ORDER BY published_at DESC
--   LIMIT 20
CREATE OR REPLACE MACRO articles_as_of(moment) AS TABLE
SELECT
    v.article_id, v.version, v.feed_id, v.url, v.title, v.author, v.authors, v.published_at, v.language, v.word_count,
    v.categories, v.summary, v.content_text, v.content_html, v.valid_from, v.valid_to
FROM clean.article_versions v
WHERE v.valid_from <= CAST(moment AS TIMESTAMPTZ) AND (v.valid_to IS NULL OR v.valid_to > CAST(moment AS TIMESTAMPTZ));
COMMENT ON MACRO TABLE articles_as_of IS 'What every article said at the moment: the version that was valid then.';
