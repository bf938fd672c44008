"""What Prefect deploys, and the command line that runs the same flows."""

import gc


def main() -> None:
    """The console script. The command line is imported here, as milling processes import this module, too."""
    gc.set_threshold(100_000, 50, 50)  # with the default, collections while modules are imported take 0.3 s
    from flows.cli.main import main as command_line

    command_line()
