-- The search index of the published copy. Plain tables and macros, so that any DuckDB can search it, with no extension.
CREATE SCHEMA search;

CREATE TABLE search.documents (
    doc INTEGER NOT NULL,
    article_id VARCHAR NOT NULL,
    content_hash VARCHAR,
    terms INTEGER NOT NULL
);
COMMENT ON TABLE search.documents IS 'Every article that can be found. Key: doc.';
COMMENT ON COLUMN search.documents.doc IS 'Number of the article in the index; an edited article gets a new one.';
COMMENT ON COLUMN search.documents.article_id IS 'The article.';
COMMENT ON COLUMN search.documents.content_hash IS 'Of the version that is in the index.';
COMMENT ON COLUMN search.documents.terms IS 'Length of the text, in terms.';

CREATE TABLE search.postings (
    term VARCHAR NOT NULL,
    segment INTEGER NOT NULL,
    docs INTEGER[] NOT NULL,
    weights UTINYINT[] NOT NULL
);
COMMENT ON TABLE search.postings IS 'Which articles hold a term. Key: term, segment.';
COMMENT ON COLUMN search.postings.term IS 'As search_terms makes it.';
COMMENT ON COLUMN search.postings.segment IS 'The first document of those that were indexed together.';
COMMENT ON COLUMN search.postings.docs IS 'search.documents.doc of each article; those of articles edited since are in no document any more.';
COMMENT ON COLUMN search.postings.weights IS 'How often each article holds the term, one in the title counting five times; 255 at the most.';

CREATE TABLE search.made (
    digest VARCHAR NOT NULL,
    last INTEGER NOT NULL,
    ordered INTEGER NOT NULL
);
COMMENT ON TABLE search.made IS 'What the index was made by: an index made by other rules is made anew. Key: digest.';
COMMENT ON COLUMN search.made.digest IS 'sha256 of the rules.';
COMMENT ON COLUMN search.made.last IS 'The highest document number that was ever given: postings may name it when its document is gone.';
COMMENT ON COLUMN search.made.ordered IS 'The last segment of those that lie in one common order of terms.';
