"""The warehouse in other forms: article files, JSON Lines, Parquet, Atom."""
