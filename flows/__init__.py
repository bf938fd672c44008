"""What Prefect deploys, and the command line that runs the same flows."""

import gc


def main() -> None:
    """The console script. Milling processes import it too, so the command line itself is imported late."""
    gc.set_threshold(100_000, 50, 50)  # looking through all that is imported again and again takes a third of a second
    from flows.cli.main import main as command_line

    command_line()
