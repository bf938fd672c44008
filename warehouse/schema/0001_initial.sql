-- The warehouse as first released. Times are TIMESTAMPTZ in UTC. No primary keys: MERGE INTO keeps rows unique, in a
-- DuckDB file and in DuckLake (which has no indexes) alike.

CREATE SCHEMA IF NOT EXISTS raw;
CREATE SCHEMA IF NOT EXISTS clean;
CREATE SCHEMA IF NOT EXISTS ops;
CREATE SCHEMA IF NOT EXISTS marts;

CREATE TABLE raw.documents (
    document_id VARCHAR,
    feed_id VARCHAR,
    url VARCHAR,
    final_url VARCHAR,
    fetched_at TIMESTAMPTZ,
    status INTEGER,
    headers JSON,
    size BIGINT,
    landing_path VARCHAR,
    source VARCHAR,
    run_id VARCHAR
);
COMMENT ON TABLE raw.documents IS 'Every document that was fetched or backfilled. Key: document_id, feed_id, fetched_at.';
COMMENT ON COLUMN raw.documents.document_id IS 'sha256 of the bytes, hex';
COMMENT ON COLUMN raw.documents.feed_id IS 'The feed it was asked for; ops.feeds.feed_id';
COMMENT ON COLUMN raw.documents.url IS 'The address that was asked';
COMMENT ON COLUMN raw.documents.final_url IS 'The address that answered, after redirects';
COMMENT ON COLUMN raw.documents.fetched_at IS 'When the answer was complete, UTC';
COMMENT ON COLUMN raw.documents.status IS 'HTTP status';
COMMENT ON COLUMN raw.documents.headers IS 'The answer''s headers, names in lower case';
COMMENT ON COLUMN raw.documents.size IS 'Bytes after content decoding';
COMMENT ON COLUMN raw.documents.landing_path IS 'Where the bytes lie, relative to the landing zone';
COMMENT ON COLUMN raw.documents.source IS 'How it came: feed, archive, wayback, paged-feed, warc or sitemap';
COMMENT ON COLUMN raw.documents.run_id IS 'The run that loaded it; ops.runs.run_id';

CREATE TABLE raw.entries (
    entry_id VARCHAR,
    feed_id VARCHAR,
    document_id VARCHAR,
    position INTEGER,
    guid VARCHAR,
    link VARCHAR,
    title VARCHAR,
    content_html VARCHAR,
    parsed JSON,
    first_seen_at TIMESTAMPTZ,
    last_seen_at TIMESTAMPTZ,
    article_id VARCHAR,
    content_hash VARCHAR,
    word_count INTEGER
);
COMMENT ON TABLE raw.entries IS 'Every distinct entry as it came. Key: entry_id.';
COMMENT ON COLUMN raw.entries.entry_id IS 'Digest of the feed and everything the entry says';
COMMENT ON COLUMN raw.entries.feed_id IS 'The feed it came in';
COMMENT ON COLUMN raw.entries.document_id IS 'The first document that held it';
COMMENT ON COLUMN raw.entries.position IS 'Its place in that document, from 0';
COMMENT ON COLUMN raw.entries.guid IS 'RSS guid, Atom or JSON Feed id';
COMMENT ON COLUMN raw.entries.link IS 'Its address, as given';
COMMENT ON COLUMN raw.entries.title IS 'Its title, as given';
COMMENT ON COLUMN raw.entries.content_html IS 'The longest of content, summary and description, as given';
COMMENT ON COLUMN raw.entries.parsed IS 'Everything that was parsed: authors, enclosures, media, itunes and dc fields';
COMMENT ON COLUMN raw.entries.first_seen_at IS 'fetched_at of the earliest document that held it';
COMMENT ON COLUMN raw.entries.last_seen_at IS 'fetched_at of the latest document that held it';
COMMENT ON COLUMN raw.entries.article_id IS 'The article it is; clean.articles.article_id';
COMMENT ON COLUMN raw.entries.content_hash IS 'What its cleaned title and text hash to; clean.article_versions.content_hash';
COMMENT ON COLUMN raw.entries.word_count IS 'Words (characters in Chinese, Japanese, Korean and Thai) of its cleaned text';

CREATE TABLE clean.articles (
    article_id VARCHAR,
    feed_id VARCHAR,
    guid VARCHAR,
    url VARCHAR,
    canonical_url VARCHAR,
    title VARCHAR,
    author VARCHAR,
    published_at TIMESTAMPTZ,
    published_known BOOLEAN,
    updated_at TIMESTAMPTZ,
    first_seen_at TIMESTAMPTZ,
    last_seen_at TIMESTAMPTZ,
    language VARCHAR,
    summary VARCHAR,
    content_html VARCHAR,
    content_text VARCHAR,
    word_count INTEGER,
    categories VARCHAR[],
    lead_image_id VARCHAR,
    version INTEGER,
    content_hash VARCHAR,
    duplicate_of VARCHAR,
    source VARCHAR,
    entry_id VARCHAR
);
COMMENT ON TABLE clean.articles IS 'The current version of every article. Key: article_id.';
COMMENT ON COLUMN clean.articles.article_id IS 'Digest of what first identified it; the same in every warehouse';
COMMENT ON COLUMN clean.articles.feed_id IS 'The feed whose text this is';
COMMENT ON COLUMN clean.articles.guid IS 'The feed''s id for it';
COMMENT ON COLUMN clean.articles.url IS 'Its address, tracking left out';
COMMENT ON COLUMN clean.articles.canonical_url IS 'Its address in canonical form (RFC 3986 6.2), to compare and join by';
COMMENT ON COLUMN clean.articles.title IS 'Plain text';
COMMENT ON COLUMN clean.articles.author IS 'Names, joined by commas';
COMMENT ON COLUMN clean.articles.published_at IS 'When it was published, UTC; first_seen_at where the feed doesn''t say';
COMMENT ON COLUMN clean.articles.published_known IS 'Whether the feed said when; false where published_at is first_seen_at';
COMMENT ON COLUMN clean.articles.updated_at IS 'When the feed says it was last changed, UTC';
COMMENT ON COLUMN clean.articles.first_seen_at IS 'When newsmill first saw it, UTC';
COMMENT ON COLUMN clean.articles.last_seen_at IS 'When newsmill last saw it in a feed, UTC';
COMMENT ON COLUMN clean.articles.language IS 'ISO 639-1, detected from the text; the feed''s own where the text is too short';
COMMENT ON COLUMN clean.articles.summary IS 'Plain text, about 300 characters at most';
COMMENT ON COLUMN clean.articles.content_html IS 'Sanitised HTML: safe to show';
COMMENT ON COLUMN clean.articles.content_text IS 'Plain text with its structure: # headings, - lists, > quotes, a | b tables';
COMMENT ON COLUMN clean.articles.word_count IS 'Words in spaced scripts, characters in Chinese, Japanese, Korean and Thai';
COMMENT ON COLUMN clean.articles.categories IS 'As the feed tags it';
COMMENT ON COLUMN clean.articles.lead_image_id IS 'clean.images.image_id';
COMMENT ON COLUMN clean.articles.version IS 'How many versions have been seen';
COMMENT ON COLUMN clean.articles.content_hash IS 'Digest of title and text; ignores what changes at every fetch (proxies, footers, relative times)';
COMMENT ON COLUMN clean.articles.duplicate_of IS 'The article this one repeats, if any';
COMMENT ON COLUMN clean.articles.source IS 'How this version came: feed, archive, wayback, paged-feed, warc or sitemap';
COMMENT ON COLUMN clean.articles.entry_id IS 'The raw entry this was made from; raw.entries.entry_id';

CREATE TABLE clean.article_versions (
    article_id VARCHAR,
    version INTEGER,
    valid_from TIMESTAMPTZ,
    valid_to TIMESTAMPTZ,
    last_seen_at TIMESTAMPTZ,
    feed_id VARCHAR,
    guid VARCHAR,
    url VARCHAR,
    canonical_url VARCHAR,
    title VARCHAR,
    author VARCHAR,
    published_at TIMESTAMPTZ,
    published_known BOOLEAN,
    updated_at TIMESTAMPTZ,
    language VARCHAR,
    summary VARCHAR,
    content_html VARCHAR,
    content_text VARCHAR,
    word_count INTEGER,
    categories VARCHAR[],
    lead_image_id VARCHAR,
    content_hash VARCHAR,
    source VARCHAR,
    entry_id VARCHAR
);
COMMENT ON TABLE clean.article_versions IS 'Every version of every article that was ever seen. Key: article_id, version.';
COMMENT ON COLUMN clean.article_versions.article_id IS 'clean.articles.article_id';
COMMENT ON COLUMN clean.article_versions.version IS '1 is the earliest';
COMMENT ON COLUMN clean.article_versions.valid_from IS 'When this version was first seen, UTC';
COMMENT ON COLUMN clean.article_versions.valid_to IS 'When the next version was first seen; NULL for the current one';
COMMENT ON COLUMN clean.article_versions.last_seen_at IS 'When this version was last seen, UTC';
COMMENT ON COLUMN clean.article_versions.feed_id IS 'The feed whose text this is';
COMMENT ON COLUMN clean.article_versions.guid IS 'The feed''s id for it';
COMMENT ON COLUMN clean.article_versions.url IS 'Its address, tracking left out';
COMMENT ON COLUMN clean.article_versions.canonical_url IS 'Its address in canonical form (RFC 3986 6.2), to compare and join by';
COMMENT ON COLUMN clean.article_versions.title IS 'Plain text';
COMMENT ON COLUMN clean.article_versions.author IS 'Names, joined by commas';
COMMENT ON COLUMN clean.article_versions.published_at IS 'When it was published, UTC; first_seen_at where the feed doesn''t say';
COMMENT ON COLUMN clean.article_versions.published_known IS 'Whether the feed said when; false where published_at is first_seen_at';
COMMENT ON COLUMN clean.article_versions.updated_at IS 'When the feed says it was last changed, UTC';
COMMENT ON COLUMN clean.article_versions.language IS 'ISO 639-1, detected from the text; the feed''s own where the text is too short';
COMMENT ON COLUMN clean.article_versions.summary IS 'Plain text, about 300 characters at most';
COMMENT ON COLUMN clean.article_versions.content_html IS 'Sanitised HTML: safe to show';
COMMENT ON COLUMN clean.article_versions.content_text IS 'Plain text with its structure: # headings, - lists, > quotes, a | b tables';
COMMENT ON COLUMN clean.article_versions.word_count IS 'Words in spaced scripts, characters in Chinese, Japanese, Korean and Thai';
COMMENT ON COLUMN clean.article_versions.categories IS 'As the feed tags it';
COMMENT ON COLUMN clean.article_versions.lead_image_id IS 'clean.images.image_id';
COMMENT ON COLUMN clean.article_versions.content_hash IS 'Digest of title and text; ignores what changes at every fetch (proxies, footers, relative times)';
COMMENT ON COLUMN clean.article_versions.source IS 'How it came: feed, archive, wayback, paged-feed, warc or sitemap';
COMMENT ON COLUMN clean.article_versions.entry_id IS 'The raw entry it was made from; raw.entries.entry_id';

CREATE TABLE clean.article_keys (
    key VARCHAR,
    article_id VARCHAR
);
COMMENT ON TABLE clean.article_keys IS 'What identifies an article: its addresses and guids. Key: key.';
COMMENT ON COLUMN clean.article_keys.key IS 'url:… (scheme, www, tracking left out) or guid:feed:…';
COMMENT ON COLUMN clean.article_keys.article_id IS 'The article it names';

CREATE TABLE clean.images (
    image_id VARCHAR,
    url VARCHAR,
    proxy_url VARCHAR,
    status VARCHAR,
    media_type VARCHAR,
    width INTEGER,
    height INTEGER,
    bytes BIGINT,
    sha256 VARCHAR,
    path VARCHAR,
    attempts INTEGER,
    error VARCHAR,
    fetched_at TIMESTAMPTZ
);
COMMENT ON TABLE clean.images IS 'Every image an article shows. Key: image_id.';
COMMENT ON COLUMN clean.images.image_id IS 'Digest of the origin URL';
COMMENT ON COLUMN clean.images.url IS 'The origin, proxy unwrapped';
COMMENT ON COLUMN clean.images.proxy_url IS 'The proxy the feed used, if any; asked when the origin fails';
COMMENT ON COLUMN clean.images.status IS 'pending (to be fetched), stored, failed (given up or to be tried again) or skipped (the feed''s image policy)';
COMMENT ON COLUMN clean.images.media_type IS 'By content, not by name: image/jpeg, image/png, image/webp, image/gif, image/avif, …';
COMMENT ON COLUMN clean.images.width IS 'Pixels';
COMMENT ON COLUMN clean.images.height IS 'Pixels';
COMMENT ON COLUMN clean.images.bytes IS 'Size of the file';
COMMENT ON COLUMN clean.images.sha256 IS 'Of the file, hex';
COMMENT ON COLUMN clean.images.path IS 'The file, relative to the image store';
COMMENT ON COLUMN clean.images.attempts IS 'Runs that tried it';
COMMENT ON COLUMN clean.images.error IS 'Why the last attempt failed';
COMMENT ON COLUMN clean.images.fetched_at IS 'The last attempt, UTC';

CREATE TABLE clean.article_images (
    article_id VARCHAR,
    position INTEGER,
    image_id VARCHAR,
    alt VARCHAR,
    caption VARCHAR,
    is_lead BOOLEAN
);
COMMENT ON TABLE clean.article_images IS 'Which images an article''s current version shows, in order. Key: article_id, position.';
COMMENT ON COLUMN clean.article_images.article_id IS 'clean.articles.article_id';
COMMENT ON COLUMN clean.article_images.position IS 'From 0, in reading order';
COMMENT ON COLUMN clean.article_images.image_id IS 'clean.images.image_id';
COMMENT ON COLUMN clean.article_images.alt IS 'Alternative text';
COMMENT ON COLUMN clean.article_images.caption IS 'Caption';
COMMENT ON COLUMN clean.article_images.is_lead IS 'Whether it is the article''s lead image';

CREATE TABLE ops.feeds (
    feed_id VARCHAR,
    name VARCHAR,
    url VARCHAR,
    site_url VARCHAR,
    language VARCHAR,
    feed_group VARCHAR,
    etag VARCHAR,
    last_modified VARCHAR,
    moved_to VARCHAR,
    last_fetched_at TIMESTAMPTZ,
    last_success_at TIMESTAMPTZ,
    last_new_at TIMESTAMPTZ,
    next_fetch_at TIMESTAMPTZ,
    consecutive_failures INTEGER,
    last_status INTEGER,
    last_error VARCHAR,
    disabled_reason VARCHAR
);
COMMENT ON TABLE ops.feeds IS 'A feed''s state. Key: feed_id.';
COMMENT ON COLUMN ops.feeds.feed_id IS 'The id in feeds.toml';
COMMENT ON COLUMN ops.feeds.name IS 'Its name in feeds.toml';
COMMENT ON COLUMN ops.feeds.url IS 'The address its state belongs to; a new address in feeds.toml starts afresh';
COMMENT ON COLUMN ops.feeds.site_url IS 'The site''s address';
COMMENT ON COLUMN ops.feeds.language IS 'BCP 47, as configured';
COMMENT ON COLUMN ops.feeds.feed_group IS 'Its group in feeds.toml';
COMMENT ON COLUMN ops.feeds.etag IS 'ETag of the last document that was loaded (RFC 9110 8.8.3)';
COMMENT ON COLUMN ops.feeds.last_modified IS 'Last-Modified of the last document that was loaded (RFC 9110 8.8.2)';
COMMENT ON COLUMN ops.feeds.moved_to IS 'Where a permanent redirect points; asked instead of url from then on';
COMMENT ON COLUMN ops.feeds.last_fetched_at IS 'When it was last asked';
COMMENT ON COLUMN ops.feeds.last_success_at IS 'When it last answered with 200 or 304';
COMMENT ON COLUMN ops.feeds.last_new_at IS 'When it last brought a new or changed article';
COMMENT ON COLUMN ops.feeds.next_fetch_at IS 'Not asked before: after Retry-After, or backing off after failures';
COMMENT ON COLUMN ops.feeds.consecutive_failures IS 'Failures since the last success';
COMMENT ON COLUMN ops.feeds.last_status IS 'The last HTTP status';
COMMENT ON COLUMN ops.feeds.last_error IS 'The last failure in words, NULL after a success';
COMMENT ON COLUMN ops.feeds.disabled_reason IS 'Why newsmill stopped asking (410 Gone); `newsmill feeds enable` undoes it';

CREATE TABLE ops.fetches (
    run_id VARCHAR,
    feed_id VARCHAR,
    url VARCHAR,
    started_at TIMESTAMPTZ,
    seconds DOUBLE,
    outcome VARCHAR,
    status INTEGER,
    bytes BIGINT,
    attempts INTEGER,
    error VARCHAR
);
COMMENT ON TABLE ops.fetches IS 'How asking for a feed went: one row for each feed of each run. Key: run_id, feed_id.';
COMMENT ON COLUMN ops.fetches.run_id IS 'ops.runs.run_id';
COMMENT ON COLUMN ops.fetches.feed_id IS 'ops.feeds.feed_id';
COMMENT ON COLUMN ops.fetches.url IS 'The address that was asked';
COMMENT ON COLUMN ops.fetches.started_at IS 'When, UTC';
COMMENT ON COLUMN ops.fetches.seconds IS 'How long it took, retries included';
COMMENT ON COLUMN ops.fetches.outcome IS 'fetched, not-modified, failed or skipped';
COMMENT ON COLUMN ops.fetches.status IS 'HTTP status of the last answer';
COMMENT ON COLUMN ops.fetches.bytes IS 'Bytes received, after content decoding';
COMMENT ON COLUMN ops.fetches.attempts IS 'Requests made';
COMMENT ON COLUMN ops.fetches.error IS 'Why it failed or was skipped';

CREATE TABLE ops.runs (
    run_id VARCHAR,
    flow VARCHAR,
    parameters JSON,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    state VARCHAR,
    counts JSON,
    error VARCHAR,
    flow_run_id VARCHAR,
    newsmill_version VARCHAR
);
COMMENT ON TABLE ops.runs IS 'Every run of a flow. Key: run_id.';
COMMENT ON COLUMN ops.runs.run_id IS 'The run';
COMMENT ON COLUMN ops.runs.flow IS 'ingest, images, reprocess, …';
COMMENT ON COLUMN ops.runs.parameters IS 'What it was asked to do';
COMMENT ON COLUMN ops.runs.started_at IS 'UTC';
COMMENT ON COLUMN ops.runs.finished_at IS 'UTC; NULL while it runs, or when it was killed';
COMMENT ON COLUMN ops.runs.state IS 'running, completed, partial (some feeds failed) or failed';
COMMENT ON COLUMN ops.runs.counts IS 'feeds, documents, entries, new, changed, unchanged, rejected, images, …';
COMMENT ON COLUMN ops.runs.error IS 'Why it failed';
COMMENT ON COLUMN ops.runs.flow_run_id IS 'Prefect''s id of the flow run';
COMMENT ON COLUMN ops.runs.newsmill_version IS 'The version that ran';

CREATE TABLE ops.rejects (
    reject_id VARCHAR,
    rejected_at TIMESTAMPTZ,
    step VARCHAR,
    feed_id VARCHAR,
    document_id VARCHAR,
    location VARCHAR,
    error VARCHAR,
    run_id VARCHAR
);
COMMENT ON TABLE ops.rejects IS 'What could not be parsed, cleaned or loaded. Key: reject_id.';
COMMENT ON COLUMN ops.rejects.reject_id IS 'Digest of what was rejected and why, so that a rerun adds nothing';
COMMENT ON COLUMN ops.rejects.rejected_at IS 'When it was first rejected, UTC';
COMMENT ON COLUMN ops.rejects.step IS 'parse, clean or load';
COMMENT ON COLUMN ops.rejects.feed_id IS 'The feed it came in';
COMMENT ON COLUMN ops.rejects.document_id IS 'The document that holds it; raw.documents says where it lies';
COMMENT ON COLUMN ops.rejects.location IS 'Where in the document';
COMMENT ON COLUMN ops.rejects.error IS 'What is wrong, in words';
COMMENT ON COLUMN ops.rejects.run_id IS 'The run that met it first';

CREATE TABLE ops.schema_migrations (
    version INTEGER,
    name VARCHAR,
    applied_at TIMESTAMPTZ
);
COMMENT ON TABLE ops.schema_migrations IS 'The migrations this warehouse has had. Key: version.';
COMMENT ON COLUMN ops.schema_migrations.version IS 'The number of its file in warehouse/schema';
COMMENT ON COLUMN ops.schema_migrations.name IS 'The name of that file';
COMMENT ON COLUMN ops.schema_migrations.applied_at IS 'When, UTC';
