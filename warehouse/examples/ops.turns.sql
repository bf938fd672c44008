SELECT * FROM ops.turns
