-- stage_erasures: rows of ops.erasures.
INSERT INTO ops.erasures BY NAME FROM stage_erasures s ANTI JOIN ops.erasures e ON e.erasure_id = s.erasure_id
