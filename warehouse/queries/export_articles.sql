-- Current articles with their images and enclosures, as JSON objects. $1, $2: first and last rowid
WITH chosen AS (
    SELECT * REPLACE (
        strftime(published_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS published_at,
        strftime(updated_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS updated_at,
        strftime(first_seen_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS first_seen_at,
        strftime(last_seen_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS last_seen_at
    )
    FROM clean.articles
    WHERE rowid BETWEEN $1 AND $2
),
shown AS (
    SELECT
        s.article_id,
        list(
            struct_pack(url := i.url, alt := s.alt, caption := s.caption, path := i.path) ORDER BY s.position
        ) AS images
    FROM clean.article_images AS s JOIN clean.images AS i ON i.image_id = s.image_id
    WHERE s.article_id IN (SELECT article_id FROM chosen)
    GROUP BY s.article_id
),
enclosed AS (
    SELECT
        article_id,
        list(
            struct_pack(
                url := url, media_type := media_type, bytes := bytes, duration := duration, title := title,
                episode := episode, season := season, image := image
            ) ORDER BY position
        ) AS enclosures
    FROM clean.enclosures
    WHERE article_id IN (SELECT article_id FROM chosen)
    GROUP BY article_id
)
SELECT to_json(each)::VARCHAR
FROM (
    SELECT chosen.*, coalesce(shown.images, []) AS images, coalesce(enclosed.enclosures, []) AS enclosures
    FROM chosen
    LEFT JOIN shown ON shown.article_id = chosen.article_id
    LEFT JOIN enclosed ON enclosed.article_id = chosen.article_id
) AS each
