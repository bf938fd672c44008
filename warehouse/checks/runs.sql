-- The run left no more documents behind than it counted, all that it fetched, and as many articles as it counted new.
SELECT run_id || ': counted ' || documents || ' documents, raw.documents has ' || held AS wrong
FROM (SELECT *, (SELECT count(*) FROM raw.documents d WHERE d.run_id = s.run_id) AS held FROM stage_run s)
WHERE held > documents
UNION ALL
SELECT f.feed_id || ': fetched, ' || f.bytes || ' bytes, and not in raw.documents'
FROM (SELECT f.* FROM ops.fetches f SEMI JOIN stage_run USING (run_id) WHERE outcome = 'fetched') f
ANTI JOIN (
    FROM raw.documents
    WHERE fetched_at >= (SELECT min(started_at) FROM ops.fetches SEMI JOIN stage_run USING (run_id))
) d ON d.feed_id = f.feed_id AND d.fetched_at >= f.started_at AND d.size = f.bytes
UNION ALL
SELECT run_id || ': counted ' || fresh || ' new articles, clean.articles has ' || held
FROM (SELECT *, (SELECT count(*) FROM clean.articles) AS held FROM stage_run)
WHERE held < fresh
