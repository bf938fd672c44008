"""Milling: parsing and cleaning documents, in processes of their own."""
