-- What makes two loads at the same time conflict: in a lake, rows that two transactions add never do.

CREATE TABLE ops.turns (
    turn VARCHAR
);
COMMENT ON TABLE ops.turns IS 'One row that every load writes again, so that of two loads at the same time the second begins again. Key: turn.';
COMMENT ON COLUMN ops.turns.turn IS 'Whose turn it is: load';
