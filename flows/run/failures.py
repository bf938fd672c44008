"""The state of a run that failed: it says what failed in a sentence, with the feeds."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar, cast

from prefect.logging import get_run_logger
from prefect.states import Failed

from flows.run.alerts import listed
from flows.run.report import RunFailedError
from warehouse.errors import NewsmillError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Run = Callable[Parameters, Coroutine[Any, Any, Result]]


def say_what_failed(run: Run[Parameters, Result]) -> Run[Parameters, Result]:
    """Let the flow end with a state that has the error's own words, as Prefect's UI and the alert show them. Prefect
    would say "Flow run encountered an exception: RunFailedError: …". Whoever called the flow gets the error all the
    same."""

    @wraps(run)
    async def run_or_fail(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return await run(*args, **kwargs)
        except NewsmillError as error:
            get_run_logger().error("%s", error, exc_info=error)
            return cast("Result", Failed(message=in_words(error), data=error))

    # Prefect makes a model of the parameters, and would look for their types among the names of this module
    run_or_fail.__signature__ = signature(run, eval_str=True)  # type: ignore[attr-defined]
    return run_or_fail


def in_words(error: NewsmillError) -> str:
    """The error, and the feeds of which it tells."""
    if isinstance(error, RunFailedError) and error.report.failed_feeds:
        return listed(f"{error}:", {line.feed_id: line.detail for line in error.report.failed_feeds})
    return "\n".join([str(error), *getattr(error, "__notes__", ())])
