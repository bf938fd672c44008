-- A guessed date does not replace one that the feed stated.
MERGE INTO clean.articles t USING stage_articles s
ON t.article_id = s.article_id
WHEN MATCHED THEN UPDATE SET
    feed_id = s.feed_id,
    guid = s.guid,
    url = s.url,
    canonical_url = s.canonical_url,
    title = s.title,
    author = s.author,
    authors = s.authors,
    published_at = CASE WHEN s.published_known OR NOT t.published_known THEN s.published_at ELSE t.published_at END,
    published_known = s.published_known OR t.published_known,
    updated_at = s.updated_at,
    first_seen_at = s.first_seen_at,
    last_seen_at = s.last_seen_at,
    language = s.language,
    language_confidence = s.language_confidence,
    summary = s.summary,
    content_html = s.content_html,
    content_text = s.content_text,
    word_count = s.word_count,
    categories = s.categories,
    lead_image_id = s.lead_image_id,
    version = s.version,
    content_hash = s.content_hash,
    source = s.source,
    text_source = s.text_source,
    teaser = s.teaser,
    entry_id = s.entry_id
WHEN NOT MATCHED THEN INSERT BY NAME
