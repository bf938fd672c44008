INSERT INTO raw.entries BY NAME SELECT *, md5_number_lower(entry_id) AS entry_hash FROM stage_entries
