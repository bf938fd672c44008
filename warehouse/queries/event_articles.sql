-- stage_ids(id): articles. Every version of theirs, newest first, with what only the article has.
SELECT
    v.article_id, v.content_hash, v.version, v.feed_id, v.guid, v.url, v.canonical_url, v.title, v.author, v.authors,
    v.published_at, v.updated_at, v.language, v.summary, v.content_text, v.content_html, v.word_count, v.categories,
    v.source, v.text_source, i.url AS lead_image_url
FROM clean.article_versions v
SEMI JOIN stage_ids s ON v.article_id = s.id
LEFT JOIN clean.images i ON i.image_id = v.lead_image_id
ORDER BY v.article_id, v.version DESC
