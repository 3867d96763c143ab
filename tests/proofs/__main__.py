"""Runs a proof at length and prints what it came to: `python -m tests.proofs delivery --schedules 100000`."""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
from collections.abc import Callable, Iterable

from tests.proofs.planted import PLANTED
from tests.proofs.simulation import Lost, simulations
from tests.proofs.worker import Parts

_MAX_STEPS = 200
_MAX_SCHEDULES_OF_BUG = 10_000
_REPORT_EVERY = 5_000


def schedule(seed: int) -> list[int]:
    """Return a schedule of 10 to 200 steps."""
    chance = random.Random(seed)
    return [chance.randrange(1 << 16) for _ in range(chance.randrange(10, _MAX_STEPS))]


def delivery(first_seed: int, count: int) -> int:
    """Run schedules over the real loop, and then over each planted bug; return how many failed."""
    failed = 0
    started = time.monotonic()
    with simulations(Parts()) as run:
        for seed in range(first_seed, first_seed + count):
            try:
                run(schedule(seed))
            except Lost as error:
                failed += 1
                print(f"seed {seed}: {error}", *error.__notes__, sep="\n")
            if (seed + 1 - first_seed) % _REPORT_EVERY == 0:
                print(f"{seed + 1 - first_seed} schedules, {failed} failed, {time.monotonic() - started:.0f} s")
    for name, parts in PLANTED.items():
        with simulations(parts) as run:
            found = next((n for n in range(1, _MAX_SCHEDULES_OF_BUG + 1) if not _passes(run, n)), None)
        failed += found is None
        print(f"planted: {name}: {f'found by schedule {found}' if found else 'NOT FOUND'}")
    print(f"{count} schedules in {time.monotonic() - started:.0f} s, {failed} failed")
    return failed


def _passes(run: Callable[[Iterable[int]], None], number: int) -> bool:
    try:
        run(schedule(number))
    except Lost:
        return False
    return True


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=__doc__)
    parser.add_argument("proof", choices=["delivery"])
    parser.add_argument("--schedules", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first schedule")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)  # the loop logs what goes wrong, and here nearly everything does
    sys.exit(1 if delivery(given.seed, given.schedules) else 0)


if __name__ == "__main__":
    main()
