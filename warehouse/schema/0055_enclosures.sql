-- Files that entries enclose: the recordings of podcasts and videos, documents, pictures.

CREATE TABLE clean.enclosures (
    article_id VARCHAR,
    position INTEGER,
    url VARCHAR,
    media_type VARCHAR,
    bytes BIGINT,
    duration INTEGER,
    title VARCHAR,
    episode INTEGER,
    season INTEGER,
    image VARCHAR
);
COMMENT ON TABLE clean.enclosures IS 'Audio, video and other files that an article''s entry encloses, in order. Key: article_id, position.';
COMMENT ON COLUMN clean.enclosures.article_id IS 'clean.articles.article_id';
COMMENT ON COLUMN clean.enclosures.position IS 'From 0, in the entry''s order';
COMMENT ON COLUMN clean.enclosures.url IS 'The file''s address: what plays or downloads';
COMMENT ON COLUMN clean.enclosures.media_type IS 'As the feed says, such as audio/mpeg; else by the address; audio/* or video/* where only that is known';
COMMENT ON COLUMN clean.enclosures.bytes IS 'Its size, as the feed says';
COMMENT ON COLUMN clean.enclosures.duration IS 'How long it plays, as the feed says';
COMMENT ON COLUMN clean.enclosures.title IS 'Its own title, where it has one besides the article''s';
COMMENT ON COLUMN clean.enclosures.episode IS 'Number of the episode';
COMMENT ON COLUMN clean.enclosures.season IS 'Number of the season';
COMMENT ON COLUMN clean.enclosures.image IS 'The address of its picture';
COMMENT ON COLUMN clean.articles.url IS 'Its address, tracking left out; where it has none, that of the first recording or file that it encloses';
