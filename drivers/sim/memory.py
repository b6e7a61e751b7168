"""What the printer knows until its power goes: the job under way, its modes, and which host it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.sim.cards import Panel

JOB_BEGINS, JOB_ENDS = "Psync;1;0", "Psync;11;0"
"""Around a job of the vendor's library. No command between them is answered: what the library hears first after it
has sent a job, it takes for the answer to the command behind the job (seen with evolis-sdk 9.4.1)."""


@dataclass
class Job:
    """The open sequence `Ss`...`Se`: panels, of which the first `released` went to the head; `side` is the next's."""

    panels: list[Panel] = field(default_factory=list)
    released: int = 0
    side: str = "front"


@dataclass
class Session:
    """Whose printer it is: `Psid;id;seconds` takes it, id 0 gives it back, and silence does after these seconds.

    A second host is told OK all the same, and that it was too late by the status: no source has an answer for it.
    """

    _holder: int = 0
    _until: float = 0.0

    def holder(self, now: float) -> int:
        return self._holder if now < self._until else 0

    def reserve(self, parameters: str, now: float) -> None:
        ident, seconds = map(int, parameters.split(";"))
        if ident == 0 or self.holder(now) in (0, ident):
            self._holder, self._until = ident, now + seconds


@dataclass
class Memory:
    """`claimed`: between `Pcla;1` and `Pcla;0` of a job."""

    pem: int = 0
    keep_inside: bool = False
    just_reset: bool = True
    claimed: bool = False
    mute: bool = False
    session: Session = field(default_factory=Session)
    job: Job | None = None
    presets: dict[str, Panel] = field(default_factory=dict)
    reprint: list[Panel] = field(default_factory=list)

    def answered(self, command: str) -> bool:
        """Whether `command` is answered, see `JOB_BEGINS`."""
        mute = self.mute or command == JOB_BEGINS
        self.mute = mute and command != JOB_ENDS
        return not mute
