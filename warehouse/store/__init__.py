"""DuckDB itself: opening the file or lake, schema, transactions, maintenance."""
