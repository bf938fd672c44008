SELECT * FROM ops.forgotten
