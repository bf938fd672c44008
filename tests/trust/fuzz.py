"""Damaged input of every kind, given to every reader: nothing a stranger sends raises, hangs or fills the memory.

    python -m tests.trust.fuzz --inputs 100000 --processes 2 --seed 7
    python -m tests.trust.fuzz --target page --seed 7 --only 4711       # this input alone, in this process

An input follows from the seed number, the target's name and its own number, so those three give it again (with
../shared present or absent as before: its files are seeds of the long form). It is read in a process of its own, with
limits for processor and memory. Each kind of fault is shown once, and the first input that showed it is written to a
folder.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from tests.trust.mutation import mutated
from tests.trust.seeds import short
from tests.trust.targets import TARGETS, Target
from warehouse.errors import NewsmillError

CHUNK = 500
"""Inputs that one process reads, one after the other."""
_PROCESSES = multiprocessing.get_context("forkserver")
_OUR_NAME = re.compile(r"(?:\w+\.)*(?:[A-Z]\w*(?:Error|Exception|Iteration|Warning)|error)\b:")
"""How the last resort names what it caught: a reject's error then begins with the exception's name."""


@dataclass(frozen=True)
class Limits:
    """For one input."""

    seconds: int = 5
    """Of processor."""
    memory: int = 1_000_000_000
    """Bytes that it may add to its process."""


LIMITS = Limits()


@dataclass(frozen=True)
class Fault:
    """An input that broke the promise."""

    target: str
    number: int
    """The input's."""
    kind: str
    """Equal for faults that have one cause, as far as can be told."""
    details: str = ""


@dataclass
class Tally:
    """What became of a target's inputs."""

    inputs: int = 0
    seconds: float = 0.0
    """Of processor."""
    slowest: float = 0.0
    slowest_number: int = 0
    memory: int = 0
    """Bytes that the inputs of one process added to it, at most."""
    errors: int = 0
    """Inputs for which a reader said in its own words what is wrong with them."""
    faults: list[Fault] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        if other.slowest > self.slowest:
            self.slowest, self.slowest_number = other.slowest, other.slowest_number
        self.inputs += other.inputs
        self.seconds += other.seconds
        self.memory = max(self.memory, other.memory)
        self.errors += other.errors
        self.faults += other.faults


@cache
def seeds_of(target: Target, shared: bool) -> tuple[bytes, ...]:
    more = short(target.shared()) if shared and target.shared else ()
    return (*target.seeds(), *more)


def make_input(target: Target, seed: int, number: int, shared: bool) -> bytes:
    """The input with this number. The first ones are the target's seeds as they are."""
    seeds = seeds_of(target, shared)
    if number < len(seeds):
        return seeds[number]
    rng = Random(f"{seed} {target.name} {number}")
    # our own seeds are few and hold much; those of ../shared are many
    ours = seeds[: len(target.seeds())]
    words = tuple(word.encode() for word in target.words)
    data = mutated(rng.choice(rng.choice((ours, seeds))), rng, seeds, words)
    return target.pack(data) if target.pack and rng.random() < 0.5 else data


def read_input(target: Target, number: int, data: bytes) -> tuple[list[Fault], bool]:
    """Faults of reading it, and whether the reader reports an error."""
    try:
        errors = list(target.read(data))
    except NewsmillError as error:
        errors = [str(error)]
    except BaseException as error:  # KeyboardInterrupt and SystemExit, too, would end a run
        return [Fault(target.name, number, f"raises {_place(error)}", traceback.format_exc(limit=-12))], False
    caught = sorted({f"catches {_without_values(error)}" for error in errors if _OUR_NAME.match(error)})
    return [Fault(target.name, number, kind) for kind in caught], bool(errors)


def _place(error: BaseException) -> str:
    """The exception's name and where it comes from: the last line of newsmill's own, and the last of all."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if re.search(r"/(?:tasks|warehouse|tests)/", frame.filename)]
    named = dict.fromkeys(f"{Path(frame.filename).name}:{frame.lineno}" for frame in (*ours[-1:], *frames[-1:]))
    return f"{type(error).__name__} at {', '.join(named)}"


def _without_values(error: str) -> str:
    """The message without what differs from input to input."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "…", error)[:120]


# --- the process that reads -----------------------------------------------------------------------------------------


def _read_chunk(target: Target, seed: int, shared: bool, limits: Limits, numbers: range, results: Connection) -> None:
    """Read these inputs, in a child process. Sends the number of each before it is read, and what became of it."""
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + limits.memory, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libraries warn about the input
    before, seconds = _peak_memory(), limits.seconds * target.reads
    for number in numbers:
        data = make_input(target, seed, number, shared)
        results.send(number)
        clock = time.process_time()
        # the process ends when it is used up, even inside a library's loop
        resource.setrlimit(resource.RLIMIT_CPU, (int(clock) + seconds + 2, resource.RLIM_INFINITY))
        faults, has_error = read_input(target, number, data)
        took = time.process_time() - clock
        if took > seconds:
            faults.append(Fault(target.name, number, _too_long(seconds), f"{took:.1f} s"))
        results.send(Tally(1, took, took, number, _peak_memory() - before, has_error, faults))


def _too_long(seconds: int) -> str:
    return f"takes more than {seconds} s of processor"


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def read_inputs(target: Target, seed: int, numbers: range, *, shared: bool, limits: Limits = LIMITS) -> Tally:
    """Read these inputs in child processes; one that an input kills is followed by another one."""
    tally, rest = Tally(), numbers
    while rest:
        results, sent = _PROCESSES.Pipe(duplex=False)
        process = _PROCESSES.Process(target=_read_chunk, args=(target, seed, shared, limits, rest, sent))
        process.start()
        sent.close()
        number = rest.start
        for result in _received(results):
            if isinstance(result, Tally):
                tally.add(result)
            else:
                number = result
        process.join()
        if process.exitcode == 0:
            return tally
        is_slow = process.exitcode == -signal.SIGXCPU
        kind = (
            _too_long(limits.seconds * target.reads) if is_slow else f"ends its process (exit code {process.exitcode})"
        )
        tally.add(Tally(1, faults=[Fault(target.name, number, kind)]))
        rest = range(number + 1, rest.stop)
    return tally


def _received(results: Connection) -> Iterator[int | Tally]:
    """What the process sends until it ends."""
    try:
        while True:
            yield results.recv()
    except EOFError:
        return


def prepare() -> None:
    """Import the readers once: child processes are forks of one that has."""
    _PROCESSES.set_forkserver_preload(
        ["tests.trust.targets", "tasks.parse.page", "tasks.parse.article_file", "tests.trust.first_date"]
    )


# --- all of it ------------------------------------------------------------------------------------------------------


def run(
    targets: Sequence[Target],
    seed: int,
    inputs: int | None,
    *,
    processes: int = 1,
    shared: bool = True,
    start: int = 0,
    limits: Limits = LIMITS,
) -> Iterator[tuple[Target, Tally]]:
    """What becomes of so many inputs of each target; None for the short form's number."""
    prepare()
    work = {target: _chunks(start, target.short if inputs is None else inputs) for target in targets}
    with ThreadPoolExecutor(processes) as threads:
        started = {
            target: [threads.submit(read_inputs, target, seed, chunk, shared=shared, limits=limits) for chunk in chunks]
            for target, chunks in work.items()
        }
        for target, results in started.items():
            tally = Tally()
            for result in results:
                tally.add(result.result())
            yield target, tally


def _chunks(start: int, count: int) -> list[range]:
    return [range(first, min(first + CHUNK, start + count)) for first in range(start, start + count, CHUNK)]


def keep(target: Target, faults: Sequence[Fault], seed: int, folder: Path, *, shared: bool) -> str:
    """Write the first input of each kind of fault to the folder. Returns a paragraph for each."""
    counts = Counter(fault.kind for fault in faults)
    paragraphs = []
    for fault in {fault.kind: fault for fault in reversed(faults)}.values():
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{target.name.replace(' ', '-')}-{seed}-{fault.number}"
        path.write_bytes(make_input(target, seed, fault.number, shared))
        again = f'python -m tests.trust.fuzz --target "{target.name}" --seed {seed} --only {fault.number}'
        again += "" if shared else " --no-shared"
        paragraphs.append(
            f"{target.name}: {fault.kind} ({counts[fault.kind]} inputs)\n{path}\n{again}\n{fault.details}"
        )
    return "\n".join(paragraphs)


HEADING = f"{'target':<18}{'inputs':>9}{'seconds':>9}{'slowest':>9}{'(number)':>9}{'MB':>6}{'errors':>9}{'faults':>8}"


def line(name: str, tally: Tally) -> str:
    """A line of the table."""
    memory = tally.memory / 1e6
    return (
        f"{name:<18}{tally.inputs:>9,}{tally.seconds:>9.1f}{tally.slowest:>9.2f}{tally.slowest_number:>9}"
        f"{memory:>6.0f}{tally.errors:>9,}{len(tally.faults):>8}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, help="for each target; without it the short form's")
    parser.add_argument("--start", type=int, default=0, help="the number of the first input")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--target", action="append", choices=[target.name for target in TARGETS])
    parser.add_argument("--only", type=int, help="read this input of the target here, and show what is raised")
    parser.add_argument("--folder", type=Path, default=Path("fuzz-failures"), help="for the inputs that fail")
    parser.add_argument("--no-shared", action="store_true", help="only the seeds of this repository")
    options = parser.parse_args()
    shared = not options.no_shared
    targets = [target for target in TARGETS if not options.target or target.name in options.target]
    if options.only is not None:
        data = make_input(targets[0], options.seed, options.only, shared)
        sys.stdout.buffer.write(data[:2000] + b"\n")
        print("\n".join(targets[0].read(data)))
        return
    total = Tally()
    print(HEADING)
    for target, tally in run(
        targets, options.seed, options.inputs, processes=options.processes, shared=shared, start=options.start
    ):
        print(line(target.name, tally), flush=True)
        if tally.faults:
            print(keep(target, tally.faults, options.seed, options.folder, shared=shared), flush=True)
        total.add(tally)
    print(line("all", total))
    if total.faults:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
