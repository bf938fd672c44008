"""Folders that tests read from."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The clone."""
SHARED = ROOT.parent / "shared"
"""Real feeds, archives and pages, beside the clone; absent on a machine that has only the clone."""
CORPUS = SHARED / "corpus"
