"""Kills newsmill's commands at each step and at random moments; the same command again must end as if undisturbed.

    python -m tests.trust.kill --kills 400

Kills each command at each of its places (tests/trust/stopping.py), and at random moments; where so many kills are not
wanted, at places drawn by the seed. Prints a table: kills, and how many were followed by another state than that of an
undisturbed run.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.conftest import Newsmill
from tests.tasks.backfill.archives import article, write_archive
from tests.trust.newspaper import Newspaper
from tests.trust.stand import stand
from tests.trust.state import read_state
from tests.trust.stopping import Stop

KILLED = -9 % 256
"""How the program of tests/preloaded.py ends if the command's process was killed."""


@dataclass(frozen=True)
class Scenario:
    """A command that is killed, and what was done before it."""

    name: str
    command: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    edition: int = 1
    """Of the newspaper, at the time of the command; the one before it for the commands before."""
    full_text: str = "never"
    """Whether articles' own pages are fetched."""


INGEST_ALL = ("ingest",)
SCENARIOS = (
    Scenario("first ingest", INGEST_ALL),
    Scenario("later ingest", INGEST_ALL, (INGEST_ALL,), edition=2),
    Scenario("ingest with pages", INGEST_ALL, full_text="auto"),
    Scenario("later pages", ("pages",), (INGEST_ALL,), edition=2, full_text="auto"),
    Scenario("images", ("images",), (("ingest", "--no-images"),)),
    Scenario("backfill", ("backfill", "archive", "{archive}"), (("ingest", "--no-images"),)),
    Scenario("reprocess", ("reprocess",), (INGEST_ALL,)),
    Scenario("publish", ("publish",), (("ingest", "--no-images", "--no-publish"),)),
    Scenario("maintain", ("maintain",), (INGEST_ALL,)),
    Scenario("forget", ("forget", "--feed", "evening", "--before", "2025-03-03T10:00", "--yes"), (INGEST_ALL,)),
)


class Bench:
    """What the scenarios share: the newspaper, an archive, and the folders in which they begin."""

    def __init__(self, folder: Path, site: Newspaper, newsmill_in: Callable[[Path], Newsmill]) -> None:
        self.folder, self.site, self.newsmill_in = folder, site, newsmill_in
        self.archive = write_archive(folder / "archive", {f"quay/{n}.md": article(n) for n in range(1, 11)})
        self._prepared: dict[tuple[object, ...], Path] = {}
        self._copies = 0

    def newsmill(self, scenario: Scenario) -> Newsmill:
        """In a new folder, in which only the command itself is left to be run."""
        key = scenario.before, scenario.full_text
        if key not in self._prepared:
            folder = self.folder / f"prepared-{len(self._prepared)}"
            folder.mkdir()
            newsmill = self._newsmill_in(folder, scenario)
            newsmill.registry(self.site.feeds_toml())
            self.site.publish(1)
            for command in scenario.before:
                newsmill.facts(*command)
            self._prepared[key] = folder
        self.site.publish(scenario.edition)
        self._copies += 1
        copy = shutil.copytree(self._prepared[key], self.folder / f"try-{self._copies}")
        return self._newsmill_in(copy, scenario)

    def _newsmill_in(self, folder: Path, scenario: Scenario) -> Newsmill:
        """For the second edition, pages are due again right after they were first read, and then not for an hour."""
        checks = "0.001s 1h" if scenario.edition == 2 else "1h"
        return self.newsmill_in(folder).setting(full_text=scenario.full_text, page_checks=checks)


class Killing:
    """One scenario, and how it ends if nothing disturbs it."""

    def __init__(self, scenario: Scenario, bench: Bench) -> None:
        self.scenario, self.bench = scenario, bench
        self.command = tuple(word.format(archive=bench.archive) for word in scenario.command)
        newsmill = bench.newsmill(scenario)
        record = bench.folder / f"places of {scenario.name}"
        started = time.monotonic()
        status = self._stopping(newsmill, Stop(record=str(record)))
        self.seconds = time.monotonic() - started
        assert status == 0, f"{scenario.name} ends with {status}"
        self.places = Counter(record.read_text().splitlines())
        """Place → how often the command passes it."""
        self.undisturbed = read_state(newsmill)
        shutil.rmtree(newsmill.folder)

    def stops(self, times: int = 1) -> list[Stop]:
        """Each place, at up to so many of the times it is passed: the first, the last, and those between."""
        return [
            Stop(place, 1 + round(step * (passed - 1) / max(times - 1, 1)))
            for place, passed in self.places.items()
            for step in range(min(times, passed))
        ]

    def kill(self, *stops: Stop) -> list[str] | None:
        """What differs from the undisturbed run once the command was killed there, one time after the other, and run
        again; None if it ended before it could be killed."""
        newsmill = self.bench.newsmill(self.scenario)
        for stop in stops:
            status = self._stopping(newsmill, stop)
            if status == 0:
                return None
            assert status == KILLED, f"{self.scenario.name}, killed {stop}: it ends with {status}"
        again = newsmill(*self.command)
        if again.returncode:
            return [f"the command again ends with {again.returncode}: {again.stderr}"]
        try:
            found = read_state(newsmill).differences(self.undisturbed)
        except Exception as error:
            found = [f"{type(error).__name__}: {error}"]
        if not found:
            shutil.rmtree(newsmill.folder)
        return found

    def _stopping(self, newsmill: Newsmill, stop: Stop) -> int:
        environment = {**newsmill.environment, **stop.variable}
        done = Newsmill(newsmill.folder, environment, newsmill.program)(*self.command)
        if done.returncode not in (0, KILLED):
            print(done.stdout, done.stderr, file=sys.stderr)
        return done.returncode


def draw(prepared: Sequence[Killing], kills: int, random: Random) -> list[tuple[Killing, Stop]]:
    """The kills of a round in random order: at least every fifth at a random moment, the others at the places."""
    places = [(killing, stop) for killing in prepared for stop in killing.stops()]
    drawn = random.sample(places, min(len(places), kills - kills // 5))
    moments = (prepared[number % len(prepared)] for number in range(kills - len(drawn)))
    drawn += [(killing, Stop(seconds=random.uniform(0.01, killing.seconds))) for killing in moments]
    random.shuffle(drawn)
    return drawn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=600, help="end after so long, with what was done until then")
    options = parser.parse_args()
    random, deadline = Random(options.seed), time.monotonic() + 60 * options.minutes
    kills: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    folder = Path(tempfile.mkdtemp(prefix="newsmill-kill-"))  # kept if there is something to look at
    print(f"in {folder}", flush=True)
    with stand(folder) as newsmill_in, Newspaper() as site:
        bench = Bench(folder, site, newsmill_in)
        prepared = [Killing(scenario, bench) for scenario in SCENARIOS]
        print(f"{sum(len(killing.stops()) for killing in prepared)} places in {len(prepared)} commands", flush=True)
        stops = draw(prepared, options.kills, random)
        for number, (killing, stop) in enumerate(stops):
            if time.monotonic() > deadline:
                break
            found = killing.kill(stop)
            if number % 20 == 19:
                print(f"… {number + 1} of {len(stops)}", flush=True)
            case = killing.scenario.name, stop.place or "at a random moment"
            if found is None:
                case = case[0], "ended before the random moment"
            kills[case] += 1
            wrong[case] += bool(found)
            for line in found or ():
                print(f"{killing.scenario.name}, killed {stop}: {line}", flush=True)
    print(f"\n{'command':<18}{'place':<40}{'kills':>6}{'wrong':>6}")
    for (scenario, place), count in sorted(kills.items()):
        print(f"{scenario:<18}{place:<40}{count:>6}{wrong[scenario, place]:>6}")
    done = sum(count for (_, place), count in kills.items() if not place.startswith("ended"))
    print(f"{done} kills, {sum(wrong.values())} of them with another end")
    if not wrong.total():
        shutil.rmtree(folder)
    sys.exit(bool(wrong.total()))


if __name__ == "__main__":
    main()
