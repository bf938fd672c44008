-- Articles' own pages, fetched for their whole text and asked again to see what was changed or taken down.

CREATE TABLE clean.pages (
    article_id VARCHAR,
    feed_id VARCHAR,
    url VARCHAR,
    final_url VARCHAR,
    status VARCHAR,
    http_status INTEGER,
    attempts INTEGER,
    error VARCHAR,
    next_try_at TIMESTAMPTZ,
    fetched_at TIMESTAMPTZ,
    first_fetched_at TIMESTAMPTZ,
    etag VARCHAR,
    last_modified VARCHAR,
    title VARCHAR,
    words BIGINT,
    feed_words BIGINT,
    is_free BOOLEAN,
    document_id VARCHAR,
    feed_title VARCHAR,
    feed_hash VARCHAR,
    missing_since TIMESTAMPTZ,
    missing_count INTEGER,
    gone_at TIMESTAMPTZ,
    gone_reason VARCHAR
);
COMMENT ON TABLE clean.pages IS 'The own pages of articles whose feed gives a teaser, and of those asked for by setting: fetched for the whole text, and asked again for edits and removals. Key: article_id.';
COMMENT ON COLUMN clean.pages.article_id IS 'clean.articles.article_id';
COMMENT ON COLUMN clean.pages.feed_id IS 'The feed whose article it is; its id in feeds.toml';
COMMENT ON COLUMN clean.pages.url IS 'The address that is asked: the article''s';
COMMENT ON COLUMN clean.pages.final_url IS 'Where it answered, after redirects';
COMMENT ON COLUMN clean.pages.status IS 'pending, stored, failed, forbidden, gone or skipped';
COMMENT ON COLUMN clean.pages.http_status IS 'What it answered last; NULL if it never did';
COMMENT ON COLUMN clean.pages.attempts IS 'Tries that failed since it was last read';
COMMENT ON COLUMN clean.pages.error IS 'Why it gives no text, in plain words';
COMMENT ON COLUMN clean.pages.next_try_at IS 'When it is asked again, UTC; NULL: not any more, or as soon as it is planned';
COMMENT ON COLUMN clean.pages.fetched_at IS 'When it was asked last, UTC';
COMMENT ON COLUMN clean.pages.first_fetched_at IS 'When it was first read, UTC';
COMMENT ON COLUMN clean.pages.etag IS 'Its ETag, for the next conditional request';
COMMENT ON COLUMN clean.pages.last_modified IS 'Its Last-Modified, for the next conditional request';
COMMENT ON COLUMN clean.pages.title IS 'The page''s own title when it was first read';
COMMENT ON COLUMN clean.pages.words IS 'Words (characters in Chinese, Japanese, Korean and Thai) of its text';
COMMENT ON COLUMN clean.pages.feed_words IS 'The same of the text that the feed gave';
COMMENT ON COLUMN clean.pages.is_free IS 'Whether it says that all may read it; NULL if it does not say';
COMMENT ON COLUMN clean.pages.document_id IS 'Its bytes; raw.documents.document_id';
COMMENT ON COLUMN clean.pages.feed_title IS 'The title that the feed gave last';
COMMENT ON COLUMN clean.pages.feed_hash IS 'What the feed''s last entry of the article hashes to; raw.entries.content_hash';
COMMENT ON COLUMN clean.pages.missing_since IS 'When it was first missing since it was last read, UTC';
COMMENT ON COLUMN clean.pages.missing_count IS 'Answers since then that it is missing';
COMMENT ON COLUMN clean.pages.gone_at IS 'When it was found to be taken down, UTC: missing twice, a day apart by default';
COMMENT ON COLUMN clean.pages.gone_reason IS 'How that shows';

ALTER TABLE clean.articles ADD COLUMN text_source VARCHAR;
ALTER TABLE clean.articles ADD COLUMN teaser VARCHAR;
ALTER TABLE clean.article_versions ADD COLUMN text_source VARCHAR;
ALTER TABLE clean.article_versions ADD COLUMN teaser VARCHAR;
COMMENT ON COLUMN clean.articles.text_source IS 'page if the text is that of the article''s own page, else feed (a feed''s or an archive file''s)';
COMMENT ON COLUMN clean.articles.teaser IS 'Why the feed''s text looks like a teaser: empty, short, cut off, read on, summary; NULL if it looks whole';
COMMENT ON COLUMN clean.article_versions.text_source IS 'As in clean.articles';
COMMENT ON COLUMN clean.article_versions.teaser IS 'As in clean.articles';

ALTER TABLE ops.feeds ADD COLUMN full_text VARCHAR;
ALTER TABLE ops.feeds ADD COLUMN full_text_reason VARCHAR;
COMMENT ON COLUMN ops.feeds.full_text IS 'What its pages showed of its texts: teaser (all its articles'' pages are fetched), whole (none), refused (none for a week); NULL: each entry is judged by its looks';
COMMENT ON COLUMN ops.feeds.full_text_reason IS 'What that was decided by';

CREATE TABLE ops.robots (
    address VARCHAR,
    fetched_at TIMESTAMPTZ,
    rules VARCHAR
);
COMMENT ON TABLE ops.robots IS 'The robots.txt of hosts whose pages are fetched, kept for a day so that each run need not ask. Key: address.';
COMMENT ON COLUMN ops.robots.address IS 'Of the robots.txt';
COMMENT ON COLUMN ops.robots.fetched_at IS 'When it was fetched, UTC';
COMMENT ON COLUMN ops.robots.rules IS 'Its text; empty where there is none';
