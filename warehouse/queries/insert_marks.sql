-- stage_marks(mark, forgotten_at)
INSERT INTO ops.forgotten BY NAME FROM stage_marks s ANTI JOIN ops.forgotten f ON f.mark = s.mark
