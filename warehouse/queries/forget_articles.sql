-- stage_ids(id): articles. Every row of theirs, but those of raw.entries and of images.
DELETE FROM clean.article_versions WHERE article_id IN (SELECT id FROM stage_ids);
DELETE FROM clean.article_keys WHERE article_id IN (SELECT id FROM stage_ids);
DELETE FROM clean.article_images WHERE article_id IN (SELECT id FROM stage_ids);
DELETE FROM clean.enclosures WHERE article_id IN (SELECT id FROM stage_ids);
DELETE FROM clean.pages WHERE article_id IN (SELECT id FROM stage_ids);
DELETE FROM clean.similar_articles
WHERE article_id IN (SELECT id FROM stage_ids) OR other_id IN (SELECT id FROM stage_ids);
DELETE FROM ops.article_signatures WHERE article_id IN (SELECT id FROM stage_ids);
UPDATE clean.articles SET duplicate_of = NULL WHERE duplicate_of IN (SELECT id FROM stage_ids);
DELETE FROM clean.articles WHERE article_id IN (SELECT id FROM stage_ids);
-- what was not sent yet would have no text; that it is removed is told instead
DELETE FROM ops.outbox WHERE article_id IN (SELECT id FROM stage_ids);
DELETE FROM ops.article_events
WHERE article_id IN (SELECT id FROM stage_ids) AND reason IS DISTINCT FROM 'forgotten';
-- a check's sample says what is wrong with which article
DELETE FROM ops.checks
WHERE (run_id, name) IN (
    SELECT (run_id, name)
    FROM (
        SELECT run_id, name, unnest(regexp_extract_all(array_to_string(sample, ' '), '[0-9a-f]{32}')) AS id
        FROM ops.checks
    ) SEMI JOIN stage_ids USING (id)
);
