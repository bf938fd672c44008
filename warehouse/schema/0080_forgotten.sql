-- Articles that were forgotten, so that they don't come back, and what of them is still to be removed from the disk.

CREATE TABLE ops.forgotten (
    mark VARCHAR,
    forgotten_at TIMESTAMPTZ
);
COMMENT ON TABLE ops.forgotten IS 'What keeps forgotten articles from coming back: hashes, no texts and no addresses. Key: mark.';
COMMENT ON COLUMN ops.forgotten.mark IS 'A hash of an entry''s id, or of an address or guid that names a forgotten article; with its title, where other articles have the same address or guid';
COMMENT ON COLUMN ops.forgotten.forgotten_at IS 'When, UTC';

CREATE TABLE ops.erasures (
    erasure_id VARCHAR,
    kind VARCHAR,
    path VARCHAR,
    document_id VARCHAR,
    feed_id VARCHAR,
    fetched_at TIMESTAMPTZ,
    queued_at TIMESTAMPTZ
);
COMMENT ON TABLE ops.erasures IS 'What may hold bytes of forgotten articles and is still to be rewritten or removed; empty once that is done. Key: erasure_id.';
COMMENT ON COLUMN ops.erasures.erasure_id IS 'A hash of what it is';
COMMENT ON COLUMN ops.erasures.kind IS 'document (in the landing zone), image (a file), warehouse (its file or lake) or copy (the published one)';
COMMENT ON COLUMN ops.erasures.path IS 'Of a document relative to the landing zone, of an image relative to the image store';
COMMENT ON COLUMN ops.erasures.document_id IS 'Of a document: its former raw.documents.document_id';
COMMENT ON COLUMN ops.erasures.feed_id IS 'Of a document: the feed it was asked for';
COMMENT ON COLUMN ops.erasures.fetched_at IS 'Of a document: when the answer was complete, UTC';
COMMENT ON COLUMN ops.erasures.queued_at IS 'Since when it is to be done, UTC';
COMMENT ON COLUMN raw.documents.form IS 'What the bytes hold: feed, article (a file of an archive) or page (a web page); in place of a feed: list page, sitemap, sitemap index, listed sitemap (one that an index lists) or json list; entries: what was kept of a document when others of its entries were forgotten';
