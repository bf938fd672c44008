-- stage_ids(id): articles. The addresses and guids by which a message may name them.
WITH named AS (
    SELECT unnest([url, canonical_url, guid]) AS address FROM clean.article_versions SEMI JOIN stage_ids s ON article_id = s.id
    UNION ALL
    SELECT unnest([link, guid]) FROM raw.entries SEMI JOIN stage_ids s ON article_id = s.id
    UNION ALL
    SELECT unnest([url, final_url]) FROM clean.pages SEMI JOIN stage_ids s ON article_id = s.id
)
SELECT DISTINCT address FROM named WHERE length(address) >= 8
