-- What finds the articles that tell one story: the same text in two feeds, or slightly edited.

CREATE TABLE ops.article_signatures (
    article_id VARCHAR,
    content_hash VARCHAR,
    method VARCHAR,
    bands BIGINT[]
);
COMMENT ON TABLE ops.article_signatures IS 'What articles are compared by. Key: article_id.';
COMMENT ON COLUMN ops.article_signatures.article_id IS 'The article';
COMMENT ON COLUMN ops.article_signatures.content_hash IS 'Of the text the signature was made of';
COMMENT ON COLUMN ops.article_signatures.method IS 'How it was made; those made otherwise are made again';
COMMENT ON COLUMN ops.article_signatures.bands IS 'MinHash in bands: articles that share one are compared word by word. Empty for a text too short to tell';

CREATE TABLE clean.similar_articles (
    article_id VARCHAR,
    other_id VARCHAR,
    similarity DOUBLE
);
COMMENT ON TABLE clean.similar_articles IS 'Pairs of articles with nearly the same text. Key: article_id, other_id.';
COMMENT ON COLUMN clean.similar_articles.article_id IS 'The one of the two whose id is the smaller';
COMMENT ON COLUMN clean.similar_articles.other_id IS 'The other';
COMMENT ON COLUMN clean.similar_articles.similarity IS 'Jaccard similarity of the pairs of words, or triples of characters, of their texts: 0 to 1';
