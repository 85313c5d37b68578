# SPDX-License-Identifier: EUPL-1.2
"""Fuzzing of the assessment of certificates: `python -m tools.fuzz [--seconds 180] [--seed N]`.

Mutants of the good and of the bad certificates of the tests are assessed for as long as was asked. Prints how
many there were, and each verdict's share; exits 1 at the first that fails, made as small as it can be.
"""

import argparse
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.keys.mutants import check, mutants, seeds

BATCH = 2000  # mutants between two looks at the clock


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Fuzz the assessment of certificates.")
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    options = parser.parse_args(arguments)
    verdicts: Counter[str] = Counter()
    slowest = 0.0

    def target(data: bytes) -> None:
        nonlocal slowest
        started = time.thread_time()
        verdicts[check(data)] += 1
        slowest = max(slowest, time.thread_time() - started)

    of, started, batch = seeds(), time.monotonic(), options.seed
    print(f"{len(of)} certificates to begin with; --seed {options.seed}", flush=True)
    while (elapsed := time.monotonic() - started) < options.seconds:
        run(target, of, batch)
        batch += 1
    print_table(verdicts, elapsed)
    print(f"The slowest took {slowest * 1000:.1f} ms of CPU, sealing included.")
    return 0


def run(target: Callable[[bytes], None], of: Sequence[bytes], batch: int) -> None:
    @seed(batch)
    @settings(
        max_examples=BATCH,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(mutants(of))
    def fuzz(data: bytes) -> None:
        target(data)

    fuzz()


def print_table(verdicts: Counter[str], elapsed: float) -> None:
    total = verdicts.total()
    print(f"{total} mutants in {elapsed:.0f} s, none failed:")
    for code, count in verdicts.most_common():
        print(f"{code or 'accepted':28} {count:8} {count / total:7.1%}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
