"""Asking servers: feeds, images, robots.txt, all through one bounded client."""
