-- stage_ids(id): marks. Those that belong to something forgotten.
SELECT mark FROM ops.forgotten SEMI JOIN stage_ids s ON mark = s.id
