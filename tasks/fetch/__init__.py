"""Fetching feeds, images and robots.txt, all through one HTTP client with limits."""
