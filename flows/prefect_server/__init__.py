"""The local Prefect server, the deployments and the worker."""
