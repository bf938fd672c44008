"""Reads one date in words when it is imported, which compiles the patterns of all languages: five seconds of processor
that no input is to be blamed for."""

from tasks.text.dates import parse_date
from tests.tasks.making import NOW

parse_date("2. maaliskuuta 2026 klo 14.05 tai sinne päin", now=NOW)
