SELECT * FROM ops.outbox_cursors
