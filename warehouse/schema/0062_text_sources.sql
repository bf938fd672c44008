-- Whose text is loaded already: a migration of its own, as DuckDB updates no table that the transaction has altered.

UPDATE clean.articles SET text_source = CASE WHEN entry_id IN (
    SELECT e.entry_id FROM raw.entries e JOIN raw.documents d USING (document_id) WHERE d.form = 'page'
) THEN 'page' ELSE 'feed' END;
UPDATE clean.article_versions SET text_source = CASE WHEN entry_id IN (
    SELECT e.entry_id FROM raw.entries e JOIN raw.documents d USING (document_id) WHERE d.form = 'page'
) THEN 'page' ELSE 'feed' END;
