-- What search_take took, into the index.
INSERT INTO search.documents SELECT doc, article_id, content_hash, len(title) + len(said) FROM held;

INSERT INTO search.postings
SELECT term, (SELECT min(doc) FROM held), list(doc ORDER BY doc), list(weight ORDER BY doc)
FROM (
    SELECT doc, term, least(sum(weight), 255)::UTINYINT AS weight
    FROM (
        SELECT doc, unnest(title) AS term, 5 AS weight FROM held
        UNION ALL
        SELECT doc, unnest(said), 1 FROM held
    )
    GROUP BY doc, term
)
GROUP BY term
ORDER BY term;
