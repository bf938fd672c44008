SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('ops.runs')
