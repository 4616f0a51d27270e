"""How much the tests of load, chance and kills do: STRESS times as much, from another seed in every round.

``make test`` runs them at their smallest; ``make stress`` (tests/stress.py) sets both.
"""

from __future__ import annotations

import os

STRESS = float(os.environ.get("STRESS", "1"))
SEED = int(os.environ.get("STRESS_SEED", "0"))


def times(least: int) -> int:
    """The count for this run, ``least`` in an ordinary one; fewer when STRESS is below one (``make mutation``)."""
    return max(1, round(least * STRESS))


def seeds(least: int) -> range:
    """Seeds for this run: the same ones in every ordinary run, others in every round of stress."""
    first = SEED * times(least)
    return range(first, first + times(least))
