-- What feeds say of themselves. A backfill of an archive makes a row, too, with the site's name.

ALTER TABLE ops.feeds ADD COLUMN title VARCHAR;
ALTER TABLE ops.feeds ADD COLUMN description VARCHAR;
ALTER TABLE ops.feeds ADD COLUMN link VARCHAR;
ALTER TABLE ops.feeds ADD COLUMN icon VARCHAR;
ALTER TABLE ops.feeds ADD COLUMN stated_language VARCHAR;
ALTER TABLE ops.feeds ADD COLUMN described_at TIMESTAMPTZ;
COMMENT ON TABLE ops.feeds IS 'Feeds: what they say of themselves, and the state of those that are asked. Key: feed_id.';
COMMENT ON COLUMN ops.feeds.feed_id IS 'The id in feeds.toml, or of a backfilled site';
COMMENT ON COLUMN ops.feeds.name IS 'Its name in feeds.toml, or in a backfilled archive';
COMMENT ON COLUMN ops.feeds.language IS 'BCP 47, as configured; else as the feed says';
COMMENT ON COLUMN ops.feeds.title IS 'Its title, as its last document has it: plain text';
COMMENT ON COLUMN ops.feeds.description IS 'What it says of itself: plain text, 2,000 characters at most';
COMMENT ON COLUMN ops.feeds.link IS 'The address of the site that it names as its own';
COMMENT ON COLUMN ops.feeds.icon IS 'The address of its icon, logo or picture';
COMMENT ON COLUMN ops.feeds.stated_language IS 'The language that it says it is in, BCP 47';
COMMENT ON COLUMN ops.feeds.described_at IS 'When the document was fetched that says so';
