"""What Prefect deploys, and the command line that runs the same flows."""
