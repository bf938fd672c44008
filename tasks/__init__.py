"""The steps an article goes through: fetch, parse, clean, images, and what they need."""
