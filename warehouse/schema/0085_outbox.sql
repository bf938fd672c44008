-- What happened to articles, and its way to those who asked to be told ([[outbox]] in newsmill.toml).

CREATE TABLE ops.article_events (
    position BIGINT,
    event_id VARCHAR,
    kind VARCHAR,
    article_id VARCHAR,
    feed_id VARCHAR,
    source VARCHAR,
    content_hash VARCHAR,
    version INTEGER,
    seen_at TIMESTAMPTZ,
    recorded_at TIMESTAMPTZ,
    reason VARCHAR
);
COMMENT ON TABLE ops.article_events IS 'Articles that came, were edited or were removed, in the order in which newsmill recorded it; kept for NEWSMILL_KEEP_EVENTS days. Key: event_id.';
COMMENT ON COLUMN ops.article_events.position IS 'Grows from event to event; `newsmill outbox --since` takes it';
COMMENT ON COLUMN ops.article_events.event_id IS 'A hash of what happened when; the webhook-id of each message about it';
COMMENT ON COLUMN ops.article_events.kind IS 'new, edited or removed';
COMMENT ON COLUMN ops.article_events.article_id IS 'The article; clean.articles.article_id, as long as it is there';
COMMENT ON COLUMN ops.article_events.feed_id IS 'The feed whose text it is; of a removed article, the one whose text it was';
COMMENT ON COLUMN ops.article_events.source IS 'How it came: feed, or a backfill''s source';
COMMENT ON COLUMN ops.article_events.content_hash IS 'Of the text that it then had; clean.article_versions.content_hash; NULL where it was removed';
COMMENT ON COLUMN ops.article_events.version IS 'The version that it then had';
COMMENT ON COLUMN ops.article_events.seen_at IS 'When the document came that shows it, UTC';
COMMENT ON COLUMN ops.article_events.recorded_at IS 'When it was recorded, UTC';
COMMENT ON COLUMN ops.article_events.reason IS 'Of a removed article: what its page answered, or that it was forgotten';

CREATE TABLE ops.outbox (
    outbox VARCHAR,
    event_id VARCHAR,
    position BIGINT,
    article_id VARCHAR,
    state VARCHAR,
    attempts INTEGER,
    next_try_at TIMESTAMPTZ,
    http_status INTEGER,
    error VARCHAR,
    queued_at TIMESTAMPTZ,
    tried_at TIMESTAMPTZ
);
COMMENT ON TABLE ops.outbox IS 'The messages of each [[outbox]]; those that were sent are kept for NEWSMILL_KEEP_EVENTS days. Key: outbox, event_id.';
COMMENT ON COLUMN ops.outbox.outbox IS 'Its name in newsmill.toml';
COMMENT ON COLUMN ops.outbox.event_id IS 'What the message tells; ops.article_events.event_id';
COMMENT ON COLUMN ops.outbox.position IS 'The event''s position, in the order of which they are sent';
COMMENT ON COLUMN ops.outbox.article_id IS 'The article; clean.articles.article_id, as long as it is there';
COMMENT ON COLUMN ops.outbox.state IS 'pending, sent, or dead: given up after NEWSMILL_OUTBOX_ATTEMPTS, until `newsmill outbox retry`';
COMMENT ON COLUMN ops.outbox.attempts IS 'How often it was sent';
COMMENT ON COLUMN ops.outbox.next_try_at IS 'Of a pending message: not before then, UTC';
COMMENT ON COLUMN ops.outbox.http_status IS 'What the receiver answered last; NULL if it did not answer';
COMMENT ON COLUMN ops.outbox.error IS 'Why it was not taken, at the last attempt';
COMMENT ON COLUMN ops.outbox.queued_at IS 'When the message was made, UTC';
COMMENT ON COLUMN ops.outbox.tried_at IS 'When it was sent last, UTC';

CREATE TABLE ops.outbox_cursors (
    outbox VARCHAR,
    position BIGINT
);
COMMENT ON TABLE ops.outbox_cursors IS 'Up to which event each [[outbox]] has its messages in ops.outbox. Key: outbox.';
COMMENT ON COLUMN ops.outbox_cursors.outbox IS 'Its name in newsmill.toml';
COMMENT ON COLUMN ops.outbox_cursors.position IS 'ops.article_events.position of the last event that was looked at';
