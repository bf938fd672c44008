-- stage_ids(id): entries. The documents that may hold one: those of its feed from when it was first seen to when it was
-- last seen. Times that touch one another become one span first, as a feed has many entries and many documents.
WITH spans AS (
    SELECT feed_id, first_seen_at, last_seen_at FROM raw.entries SEMI JOIN stage_ids s ON entry_id = s.id
), begun AS (
    SELECT
        *,
        coalesce(
            first_seen_at > max(last_seen_at) OVER (
                PARTITION BY feed_id ORDER BY first_seen_at, last_seen_at
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            true
        ) AS begins
    FROM spans
), numbered AS (
    SELECT
        *,
        count(*) FILTER (begins) OVER (
            PARTITION BY feed_id ORDER BY first_seen_at, last_seen_at ROWS UNBOUNDED PRECEDING
        ) AS span
    FROM begun
), joined AS (
    SELECT feed_id, min(first_seen_at) AS first_seen_at, max(last_seen_at) AS last_seen_at
    FROM numbered GROUP BY feed_id, span
)
SELECT d.document_id, d.feed_id, d.fetched_at, d.landing_path AS path
FROM raw.documents d
JOIN joined j ON d.feed_id = j.feed_id AND d.fetched_at BETWEEN j.first_seen_at AND j.last_seen_at
