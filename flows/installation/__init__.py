"""An installation, a folder with its own feeds, settings, deployments and data: making it, backups of it."""
