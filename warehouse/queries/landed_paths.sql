-- stage_ids(id): paths in the landing zone, without a place in a pack. Those that documents still name.
SELECT DISTINCT split_part(landing_path, '@', 1) AS path
FROM raw.documents SEMI JOIN stage_ids s ON split_part(landing_path, '@', 1) = s.id
