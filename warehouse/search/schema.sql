-- The search index of the published copy. Plain tables and macros, so that any DuckDB can search it, with no extension.
CREATE SCHEMA IF NOT EXISTS search;

CREATE TABLE IF NOT EXISTS search.documents (
    doc INTEGER NOT NULL,
    article_id VARCHAR NOT NULL,
    content_hash VARCHAR,
    length USMALLINT NOT NULL,
    place BIGINT
);
COMMENT ON TABLE search.documents IS 'Every article that can be found. Key: doc.';
COMMENT ON COLUMN search.documents.doc IS 'Number of the article in the index; an edited article gets a new one.';
COMMENT ON COLUMN search.documents.article_id IS 'The article; clean.articles.article_id.';
COMMENT ON COLUMN search.documents.content_hash IS 'Of the version that is in the index.';
COMMENT ON COLUMN search.documents.length IS 'Of title and text, in terms; 65535 at the most.';
COMMENT ON COLUMN search.documents.place IS 'rowid of the article in clean.articles of this copy, which is read far sooner by it.';

CREATE TABLE IF NOT EXISTS search.postings (
    term VARCHAR NOT NULL,
    first VARCHAR,
    doc INTEGER NOT NULL,
    weight UTINYINT NOT NULL,
    length USMALLINT NOT NULL
);
COMMENT ON TABLE search.postings IS 'Which articles hold a term, in the order of terms: a query reads only where its terms lie. Key: term, doc.';
COMMENT ON COLUMN search.postings.term IS 'As search_terms makes it.';
COMMENT ON COLUMN search.postings.first IS 'First character of a term of Chinese, Japanese, Korean or Thai; NULL for a word.';
COMMENT ON COLUMN search.postings.doc IS 'search.documents.doc';
COMMENT ON COLUMN search.postings.weight IS 'How often the article holds the term, one in the title counting five times; 255 at the most.';
COMMENT ON COLUMN search.postings.length IS 'Of the article, as in search.documents: here too, so that a query needs no join.';

CREATE TABLE IF NOT EXISTS search.recent (
    term VARCHAR NOT NULL,
    first VARCHAR,
    doc INTEGER NOT NULL,
    weight UTINYINT NOT NULL,
    length USMALLINT NOT NULL
);
COMMENT ON TABLE search.recent IS 'The same of articles that were indexed since search.postings was put into order. Key: term, doc.';
COMMENT ON COLUMN search.recent.term IS 'As search_terms makes it.';
COMMENT ON COLUMN search.recent.first IS 'First character of a term of Chinese, Japanese, Korean or Thai; NULL for a word.';
COMMENT ON COLUMN search.recent.doc IS 'search.documents.doc';
COMMENT ON COLUMN search.recent.weight IS 'How often the article holds the term, one in the title counting five times; 255 at the most.';
COMMENT ON COLUMN search.recent.length IS 'Of the article, as in search.documents: here too, so that a query needs no join.';

CREATE TABLE IF NOT EXISTS search.gone (
    doc INTEGER NOT NULL
);
COMMENT ON TABLE search.gone IS 'Documents that are in postings and no longer in documents: their articles were edited or are gone. Key: doc.';
COMMENT ON COLUMN search.gone.doc IS 'Number it had.';

CREATE TABLE IF NOT EXISTS search.made (
    digest VARCHAR NOT NULL,
    last INTEGER NOT NULL,
    documents INTEGER NOT NULL,
    mean DOUBLE NOT NULL
);
COMMENT ON TABLE search.made IS 'What the index was made by, one row: an index made by other rules is made anew. Key: digest.';
COMMENT ON COLUMN search.made.digest IS 'sha256 of the rules.';
COMMENT ON COLUMN search.made.last IS 'The highest document number that was ever given.';
COMMENT ON COLUMN search.made.documents IS 'How many articles can be found.';
COMMENT ON COLUMN search.made.mean IS 'Their mean length, in terms.';
