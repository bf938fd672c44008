"""What Prefect deploys, and the command line that runs the same flows."""

import gc
import signal
import sys


class TerminatedError(KeyboardInterrupt):
    """SIGTERM came. Nothing handles it on the way, and asyncio lets it through; other exceptions that are raised in a
    callback of its loop it only logs."""


_STOPPED = {
    KeyboardInterrupt: (signal.SIGINT, "stopped"),
    TerminatedError: (signal.SIGTERM, "stopped by SIGTERM"),
}


def main() -> None:
    """The console script. It handles SIGTERM before it imports the command line, which takes its time."""
    gc.set_threshold(100_000, 50, 50)  # with the default, collections while modules are imported take 0.3 s
    signal.signal(signal.SIGTERM, _terminate)
    try:
        from flows.cli.main import main as command_line

        command_line()
    except (KeyboardInterrupt, ImportError) as error:
        # a module in C that is being imported makes an ImportError of it
        stopped = error.__cause__ if isinstance(error, ImportError) else error
        if not isinstance(stopped, KeyboardInterrupt):
            raise
        number, words = _STOPPED[type(stopped)]
        sys.stderr.write(f"{words}; the same command goes on where this one was\n")
        sys.exit(128 + number)


def _terminate(_number: int, _frame: object) -> None:
    raise TerminatedError
