"""Kills its own process at a named place: the harness of tests/trust/kill.py has newsmill's commands do it.

tests/preloaded.py calls `prepare` in the process of a command if the environment has TRUST_STOP. The functions below
are then replaced everywhere by ones that say that they begin and end; at the place asked for, SIGKILL follows, of which
no program notices anything. Nothing else in the command differs from a real one.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

VARIABLE = "TRUST_STOP"
STEPS = {
    "landing a document": "warehouse.landing:Landing.land",
    "landing a pack": "warehouse.landing:Landing.land_pack",
    "writing a file": "warehouse.landing:write_durably",
    "flushing a file": "os:fsync",
    "renaming a file": "pathlib:Path.replace",
    "removing a file": "pathlib:Path.unlink",
    "loading a batch": "tasks.load:commit_batch",
    "marking records as loaded": "warehouse.landing:Landing.mark_loaded",
    "planning pages": "warehouse.load.pages:plan_pages",
    "landing pages": "tasks.fetch.pages:land_pages",
    "recording pages without a text": "warehouse.load.pages:record_answers",
    "recording robots.txt": "warehouse.load.pages:record_robots",
    "storing an image": "tasks.fetch.images:_store",
    "recording images": "warehouse.load.operations:record_images",
    "recording the run": "warehouse.load.operations:record_run",
    "recording messages": "warehouse.load.outbox:record_sent",
    "marking duplicates": "tasks.publish:mark_repeats",
    "checking the data": "warehouse.load.quality:check",
    "making the copy": "warehouse.publish.copy:_make",
    "checking the copy": "warehouse.publish.copy:_check",
    "swapping the copy in": "warehouse.publish.copy:_swap_in",
    "replacing the warehouse": "warehouse.store.rebuild:swap",
    "forgetting old records": "warehouse.store.maintenance:delete_old_records",
    "compacting": "warehouse.store.maintenance:compact",
    "rewriting the file": "warehouse.store.maintenance:_rewrite",
    "forgetting articles": "warehouse.load.forgetting:forget",
    "replacing a landing record": "warehouse.landing_rewrite:replace_record",
    "changing documents' rows": "warehouse.load.forgetting:replace_documents",
    "scrubbing": "warehouse.store.maintenance:scrub",
    "removing unused files": "warehouse.store.maintenance:remove_orphans",
}
"""Name → the function that does it. `before` and `after` each are places; commits are two more."""


@dataclass(frozen=True)
class Stop:
    """Where to die: at the `passing`-th time that `place` is passed, or after so many `seconds`."""

    place: str = ""
    passing: int = 1
    seconds: float = 0.0
    record: str = ""
    """A file that gets a line for each place that is passed."""

    @property
    def variable(self) -> dict[str, str]:
        return {VARIABLE: json.dumps(asdict(self))}

    def __str__(self) -> str:
        return f"{self.place}, time {self.passing}" if self.place else f"after {self.seconds:.3f} s"


def prepare(text: str) -> None:
    """Have this process die as the text says."""
    stop = Stop(**json.loads(text))
    passed: Counter[str] = Counter()
    lock = threading.Lock()

    def passing(place: str) -> None:
        with lock:
            passed[place] += 1
            if stop.record:
                with open(stop.record, "a") as file:  # noqa: PTH123 - Path's own functions are among the steps
                    file.write(f"{place}\n")
            if (place, passed[place]) == (stop.place, stop.passing):
                os.kill(os.getpid(), signal.SIGKILL)

    # `maintain` rewrites a warehouse of any size, and a small archive and a few pages have several batches
    maintenance: Any = import_module("warehouse.store.maintenance")
    maintenance.FREE = maintenance.FREE_BYTES = -1
    import_module("tasks.orchestration.pipeline").BATCH_FINDS = 4  # type: ignore[attr-defined]
    import_module("flows.pages").BATCH = 2  # type: ignore[attr-defined]
    for name, target in STEPS.items():
        module, _, path = target.partition(":")
        *owners, function = path.split(".")
        owner: Any = functools.reduce(getattr, owners, import_module(module))
        _replace(owner, function, _announcing(getattr(owner, function), name, passing))
    transactions = import_module("warehouse.store.transactions")
    _replace(transactions, "transaction", _announcing_commits(transactions.transaction, passing))
    if stop.seconds:
        timer = threading.Timer(stop.seconds, os.kill, (os.getpid(), signal.SIGKILL))
        timer.daemon = True
        timer.start()


def _announcing(function: Callable[..., Any], name: str, passing: Callable[[str], None]) -> Callable[..., Any]:
    @functools.wraps(function)
    def announced(*arguments: Any, **named: Any) -> Any:
        passing(f"before {name}")
        result = function(*arguments, **named)
        passing(f"after {name}")
        return result

    return announced


def _announcing_commits(transaction: Callable[..., Any], passing: Callable[[str], None]) -> Callable[..., Any]:
    @contextmanager
    def announced(connection: Any) -> Iterator[None]:
        with transaction(connection):
            yield
            passing("before a commit")
        passing("after a commit")

    return announced


def _replace(owner: Any, name: str, new: Callable[..., Any]) -> None:
    """Replace the function, also where a module of newsmill's has imported it by name."""
    old = getattr(owner, name)
    setattr(owner, name, new)
    for path, module in list(sys.modules.items()):
        if path.partition(".")[0] in ("flows", "tasks", "warehouse"):
            for key, value in list(vars(module).items()):
                if value is old:
                    setattr(module, key, new)
