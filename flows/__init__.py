"""What Prefect deploys, and the command line that runs the same flows."""


def main() -> None:
    """The console script. Milling processes import it too, so the command line itself is imported late."""
    from flows.cli import main as command_line

    command_line()
