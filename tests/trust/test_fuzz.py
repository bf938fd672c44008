"""The short form of the fuzzing, and that it notices each kind of fault. The long form: tests/trust/fuzz.py."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tasks.errors import ParseError
from tests.trust.fuzz import Limits, keep, line, make_input, prepare, read_inputs, run
from tests.trust.targets import TARGETS, Target

SEED = 20
FAILED = Path("fuzz-failures").absolute()
"""Where inputs that fail stay when the run is over."""


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_damaged_input_raises_hangs_or_fills_the_memory(target: Target) -> None:
    ((_, tally),) = run([target], SEED, None, shared=False, limits=Limits(seconds=20))  # on a slow, busy machine
    assert not tally.faults, keep(target, tally.faults, SEED, FAILED, shared=False)
    assert tally.inputs == target.short


# --- the fuzzing itself ---------------------------------------------------------------------------------------------


def misread(data: bytes) -> list[str]:
    """A reader with every kind of fault."""
    match data:
        case b"raises":
            raise LookupError("a fault of our own")
        case b"refuses":
            raise ParseError("not a feed")
        case b"catches":
            return ["ValueError: a fault that the last resort caught", "its item is no object"]
        case b"reports":
            return ["the error ValueError: was found"]
        case b"hangs":
            while True:
                pass
        case b"fills":
            return [str(len(bytearray(2_000_000_000)))]
        case b"dies":
            os.abort()
    return []


def seeds() -> tuple[bytes, ...]:
    return (b"fine", b"raises", b"refuses", b"catches", b"dies", b"reports", b"hangs", b"fills", b"fine")


FAULTY = Target("a faulty one", misread, seeds, (), 0)


def test_each_kind_of_fault_is_noticed_and_the_inputs_after_it_are_read(tmp_path: Path) -> None:
    prepare()
    tally = read_inputs(FAULTY, SEED, range(len(seeds())), shared=False, limits=Limits(seconds=1))
    assert [(fault.number, fault.kind) for fault in tally.faults] == [
        (1, "raises LookupError at test_fuzz.py:35"),
        (3, "catches ValueError: a fault that the last resort caught"),
        (4, "ends its process (exit code -6)"),
        (6, "takes more than 1 s of processor"),
        (7, "raises MemoryError at test_fuzz.py:46"),
    ]
    assert tally.inputs == len(seeds())
    message = keep(FAULTY, tally.faults, SEED, tmp_path, shared=False)
    for number in (1, 3, 4, 6, 7):
        path = tmp_path / f"a-faulty-one-{SEED}-{number}"
        assert path.read_bytes() == seeds()[number]
        assert str(path) in message
    assert f'--target "a faulty one" --seed {SEED} --only 4' in message
    assert "a fault of our own" in message
    assert line("a faulty one", tally).split()[-1] == "5"


def inputs_of(seed: int) -> dict[str, list[bytes]]:
    return {
        target.name: [make_input(target, seed, number, shared=False) for number in range(60, 80)] for target in TARGETS
    }


def test_an_input_follows_from_its_seed_and_number() -> None:
    prepare()
    with ProcessPoolExecutor(1, mp_context=get_context("forkserver")) as another_process:
        again = another_process.submit(inputs_of, SEED).result()
    others = inputs_of(SEED + 1)
    for name, inputs in inputs_of(SEED).items():
        assert inputs == again[name]
        assert inputs != others[name]
        assert len(set(inputs)) > 10, "they differ from each other"
