SELECT
    (SELECT count(*) FROM clean.articles) AS articles,
    (SELECT count(*) FROM clean.article_versions) AS versions,
    (SELECT count(*) FROM raw.entries) AS entries,
    (SELECT count(*) FROM clean.images) AS images,
    (SELECT count(*) FROM clean.images WHERE status = 'stored') AS images_stored,
    (SELECT count(*) FROM ops.rejects) AS rejects,
    (SELECT max(published_at) FROM clean.articles) AS newest
