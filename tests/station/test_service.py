"""The order of service and its quotas at a whole station: by the books, over restarts and midnights."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.cli.telling import tell
from kiosk.config import QuotaConfig, ServiceConfig
from kiosk.core.clock import Moment
from kiosk.errors import Rejected, UsageError
from kiosk.journal import Clock
from kiosk.journal.clock import machine_clocks
from kiosk.people import People, Role
from tests.cli.test_cli import keping, on
from tests.office import Office

DAY_MS = 86_400_000
PIN = "135791"
LATE, NEW = "hilang-rusak", "baru"


def open_with(office: Office, days: Callable[[], int] = lambda: 0, **said: Any) -> None:
    """As after a restart with that section `service` in the config; `days`: how many have gone by since."""

    def now() -> Moment:
        real = machine_clocks()
        return Moment(real.wall_ms + days() * DAY_MS, f"{days():08x}", real.monotonic_ms)

    office.station.close()
    office.service = ServiceConfig(**said)
    office.machine = Clock(office.data, now)
    office.reopen()


def refs_of(office: Office, jobs: list[str]) -> list[str]:
    return [str(office.job(job)["ref"]) for job in jobs]


def add_supervisor(office: Office) -> None:
    People(office.data).add("yosep", "Yosep Bria", Role.SUPERVISOR, PIN)


def jump(office: Office, ref: str, by: str = "op:maria", **said: str) -> dict[str, str]:
    return office.station.service.jump(by, ref, **{"reason": "ill", "supervisor": "yosep", "pin": PIN, **said})


def test_first_timers_go_first_and_the_worker_keeps_to_it(office: Office) -> None:
    late, new = office.bring_for(LATE, NEW)
    office.station.stock.move("test", "unload", "wni", 12)
    first = office.station.desk.run_jobs("test", refs=[late])
    second = office.station.desk.run_jobs("test", refs=[new])
    assert [job["ref"] for job in office.jobs()] == [new, late]
    office.station.stock.move("test", "load", "wni", 12)
    office.until(lambda: all(office.state(job) == "completed" for job in first + second))
    ended = [frame.data["ref"] for frame in office.frames() if frame.kind == "job-ended"]
    assert ended == [new, late] or ended[0] == late, "the one that was begun is finished"


def test_the_next_ones_are_taken_in_order(office: Office) -> None:
    late, new = office.bring_for(LATE, NEW)
    assert refs_of(office, office.station.desk.run_jobs("test", count=2)) == [new, late]


def test_a_quota_bars_every_way_to_a_job_and_survives_a_restart(office: Office) -> None:
    open_with(office, quota=QuotaConfig(hilang_rusak=2))
    refs = office.bring_for(LATE, LATE, LATE, NEW)
    with pytest.raises(Rejected, match="2 more today") as all_at_once:
        office.station.desk.run_jobs("test", refs=refs[:3])
    assert all_at_once.value.reason == "quota-used"
    assert refs_of(office, office.station.desk.run_jobs("test", count=9)) == [refs[3], *refs[:2]]
    open_with(office, quota=QuotaConfig(hilang_rusak=2))
    for said in ({"refs": [refs[2]]}, {"count": 1}):
        with pytest.raises(Rejected) as refused:
            office.station.desk.run_jobs("test", **said)  # type: ignore[arg-type]
        assert refused.value.reason == "quota-used"
    told = office.station.execute("jobs.queue", {}, "test")
    assert told["reasons"][LATE] == {"served": 2, "quota": 2}
    assert [(row["ref"], row["why"]) for row in told["rows"]] == [(refs[2], "quota-used")]


def test_a_job_that_ends_without_a_card_gives_its_place_back(office: Office) -> None:
    open_with(office, quota=QuotaConfig(hilang_rusak=1))
    office.station.stock.move("test", "unload", "wni", 12)
    first, second = office.bring_for(LATE, LATE)
    [job] = office.station.desk.run_jobs("test")
    with pytest.raises(Rejected):
        office.station.desk.run_jobs("test", refs=[second])
    office.station.desk.cancel_job("test", job)
    assert refs_of(office, office.station.desk.run_jobs("test", refs=[second])) == [second]
    with pytest.raises(Rejected):
        office.station.desk.run_jobs("test", refs=[first])


def test_midnight_brings_a_new_quota_without_a_frame(office: Office) -> None:
    gone = [0]
    open_with(office, lambda: gone[0], quota=QuotaConfig(hilang_rusak=1))
    first, second, third = office.bring_for(LATE, LATE, LATE)
    service = office.station.service
    before = service.day
    office.station.desk.run_jobs("test")
    with pytest.raises(Rejected):
        office.station.desk.run_jobs("test")
    gone[0] = 1
    assert service.day == before + 1
    with office.station.books.look() as view:
        assert service.line(view).now == [second]
    assert refs_of(office, office.station.desk.run_jobs("test")) == [second]
    with pytest.raises(Rejected):
        office.station.desk.run_jobs("test", refs=[third])
    days = [frame.data["day"] for frame in office.frames() if frame.kind == "job-created"]
    assert days == [before, before + 1]
    assert first in refs_of(office, [job["id"] for job in office.jobs()])


def test_nobody_is_overtaken_where_all_are_served_in_turn(office: Office) -> None:
    gone = [0]
    open_with(office, lambda: gone[0], in_turn=True)
    first, second = office.bring_for(NEW, NEW)
    gone[0] = 1
    [third] = office.bring_for(NEW)
    add_supervisor(office)
    with pytest.raises(Rejected) as refused:
        office.station.desk.run_jobs("test", refs=[second])
    assert refused.value.reason == "out-of-turn"
    office.station.desk.run_jobs("test", refs=[first])
    jump(office, third)
    assert refs_of(office, office.station.desk.run_jobs("test", refs=[third])) == [third]
    assert refs_of(office, office.station.desk.run_jobs("test", refs=[second])) == [second]


def test_a_jump_needs_a_second_person_and_goes_beyond_the_quota(office: Office) -> None:
    open_with(office, quota=QuotaConfig(hilang_rusak=1))
    first, second, third = office.bring_for(LATE, LATE, LATE)
    add_supervisor(office)
    office.station.desk.run_jobs("test", refs=[first])
    for said, error in (
        ({"supervisor": ""}, Rejected), ({"pin": "000000"}, Rejected), ({"by": "op:yosep"}, Rejected),
        ({"reason": "friend"}, UsageError), ({"ref": first}, Rejected), ({"ref": "00" * 16}, Rejected),
    ):  # fmt: skip
        with pytest.raises(error):
            jump(office, **{"ref": third, **said})
    assert jump(office, third)["approved"] == "op:yosep"
    with pytest.raises(Rejected) as again:
        jump(office, third)
    assert again.value.reason == "moved-up-already"
    open_with(office, quota=QuotaConfig(hilang_rusak=1))
    with office.station.books.look() as view:
        assert office.station.service.line(view).now == [third]
        [row] = office.station.service.jumps(view)
    assert (row["ref"], row["of"], row["by"], row["approved"]) == (third, LATE, "op:maria", "op:yosep")
    assert refs_of(office, office.station.desk.run_jobs("test")) == [third]
    told = office.station.execute("jobs.queue", {}, "test")
    assert told["reasons"][LATE]["served"] == 1, "a jump takes nobody's place"
    assert [row["why"] for row in told["rows"]] == ["quota-used"]
    assert second == told["rows"][0]["ref"]


def test_a_jump_is_told_by_the_shell_and_in_the_life_of_the_record(office: Office) -> None:
    first, second = office.bring_for(NEW, NEW)
    add_supervisor(office)
    office.station.close()
    asked = ("jobs", "jump", second, "--reason", "frail", "--supervisor", "yosep", "--pin")
    assert on(office, *asked, "000000").exit_code == 1
    done = on(office, *asked, PIN)
    assert done.exit_code == 0, done.stderr
    shown = json.loads(keping("--data", str(office.data), "--json", "jobs", "queue").stdout)
    assert [(row["ref"], row["ahead"]) for row in shown["rows"]] == [(second, True), (first, False)]
    assert "moved up" in keping("--data", str(office.data), "jobs", "queue").stdout
    [frame] = [frame for frame in office.frames() if frame.kind == "queue-jump"]
    assert f"record {second} was moved up (frail), approved by op:yosep" in tell(frame)
    assert "was moved up (frail)" in keping("--data", str(office.data), "ledger", "trace", second).stdout
    office.reopen()
