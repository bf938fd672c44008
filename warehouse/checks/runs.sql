-- The run left no more documents behind than it counted, and at least as many articles as it counted new.
SELECT run_id || ': counted ' || documents || ' documents, raw.documents has ' || held AS wrong
FROM (SELECT *, (SELECT count(*) FROM raw.documents d WHERE d.run_id = s.run_id) AS held FROM stage_run s)
WHERE held > documents
UNION ALL
SELECT run_id || ': counted ' || fresh || ' new articles, clean.articles has ' || held
FROM (SELECT *, (SELECT count(*) FROM clean.articles) AS held FROM stage_run)
WHERE held < fresh
