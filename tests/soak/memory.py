"""What the station's process holds: memory, descriptors, threads; and whether that grows with the cards."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """`life`: how often the station was started before. `rss_kb`: resident (proc(5), VmRSS). `rest`: taken while no
    card is under way and the centre has everything."""

    card: int
    life: int
    rss_kb: int
    handles: int
    threads: int
    rest: bool = False


def sample(pid: int, card: int, life: int, *, rest: bool = False) -> Sample:
    """ProcessLookupError or FileNotFoundError if it has gone."""
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines())
    said = {words[0].rstrip(":"): words[1] for words in lines if len(words) > 1}
    handles = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return Sample(card, life, int(said["VmRSS"]), handles, int(said["Threads"]), rest)


@dataclass(frozen=True)
class Bar:
    """A life is looked at if it lasted `least` cards after its first `warm_up`, in which caches fill. `kb`: by how
    much it may grow in 1,000 cards."""

    warm_up: int = 500
    least: int = 1_000
    kb: float = 1024.0


@dataclass(frozen=True)
class Stretch:
    """Of one life. `kb`: growth in 1,000 cards. `handles`, `threads`: the least at each rest, each figure once; a
    connection that was just used is closed a moment later.
    """

    first: int
    last: int
    begin_kb: int
    end_kb: int
    kb: float
    handles: tuple[int, ...]
    threads: tuple[int, ...]

    def faults(self, bar: Bar) -> Iterator[str]:
        where = f"cards {self.first} to {self.last}"
        if self.kb > bar.kb:
            yield f"{where}: memory grows by {self.kb:.0f} kB in 1,000 cards"
        for name, seen in (("handles", self.handles), ("threads", self.threads)):
            if len(seen) > 1:
                yield f"{where}: {name} at rest were {', '.join(map(str, seen))}"


def stretches(samples: Sequence[Sample], bar: Bar) -> list[Stretch]:
    found = []
    for _, group in groupby(samples, lambda each: each.life):
        life = list(group)
        settled = [each for each in life if each.card >= life[0].card + bar.warm_up]
        if settled and settled[-1].card - settled[0].card >= bar.least:
            found.append(_stretch(settled))
    return found


def _stretch(settled: Sequence[Sample]) -> Stretch:
    rests = [list(group) for _, group in groupby((each for each in settled if each.rest), lambda each: each.card)]
    tenth = max(1, len(settled) // 10)
    return Stretch(
        settled[0].card, settled[-1].card,
        round(statistics.median(each.rss_kb for each in settled[:tenth])),
        round(statistics.median(each.rss_kb for each in settled[-tenth:])),
        growth([(each.card, each.rss_kb) for each in settled]),
        tuple(sorted({min(each.handles for each in rest) for rest in rests})),
        tuple(sorted({min(each.threads for each in rest) for rest in rests})),
    )  # fmt: skip


def growth(points: Sequence[tuple[int, int]]) -> float:
    """In 1,000 cards: the median of all slopes (Theil and Sen); a hump, such as an outage makes, does not tilt it."""
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2) if a[0] != b[0]]
    return 1000 * statistics.median(slopes) if slopes else 0.0
