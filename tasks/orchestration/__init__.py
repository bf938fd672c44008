"""Prefect's side: the steps as tasks, limits, logs, progress."""
