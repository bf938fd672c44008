-- stage_ids(id): paths of image files. Those that an image has.
SELECT DISTINCT path FROM clean.images SEMI JOIN stage_ids s ON path = s.id
