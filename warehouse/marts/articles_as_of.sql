CREATE OR REPLACE MACRO articles_as_of(moment) AS TABLE
SELECT
    v.article_id, v.version, v.feed_id, v.url, v.title, v.author, v.published_at, v.language, v.word_count,
    v.categories, v.summary, v.content_text, v.content_html, v.valid_from, v.valid_to
FROM clean.article_versions v
WHERE v.valid_from <= CAST(moment AS TIMESTAMPTZ) AND (v.valid_to IS NULL OR v.valid_to > CAST(moment AS TIMESTAMPTZ));
COMMENT ON MACRO TABLE articles_as_of IS 'What every article said at the moment: the version that was valid then.';
