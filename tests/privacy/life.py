"""A station's life with people in it: everything that may write something of them down happens at least once."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sqlalchemy import select

from drivers.sim.chip import Behaviour
from kiosk.errors import KepingError
from kiosk.hub.issue import issue
from kiosk.hub.schema import alarms, frames, journals, stock
from kiosk.people import People, Role
from kiosk.rig.residents import Resident, invent
from kiosk.web import House, create_app
from kiosk.web.sessions import Parked, Sessions, Throttle
from tests.handover.test_with_centre import LinkedOffice
from tests.office import STATION
from tests.privacy.search import Secret
from tests.station.test_handover import hand_over

TAKER = "Wilhelmina Lobo Nuban"
STROKES = "117,233 341,457;561,673 719,823"
PIN, OTHER_PIN = "246810", "135791"


def phone(index: int) -> str:
    return f"0812{index:02d}734{index:02d}91"


def telling_part(content: bytes) -> bytes:
    """24 bytes that are nobody else's: those with the most different values."""
    return max((content[at : at + 24] for at in range(0, len(content) - 24, 8)), key=lambda part: len(set(part)))


def secrets_of(index: int, person: Resident) -> list[Secret]:
    fields = person.fields
    return [
        Secret(f"{index} nik", fields.nik), Secret(f"{index} name", fields.nama),
        Secret(f"{index} address", fields.alamat), Secret(f"{index} born", fields.tanggal_lahir),
        Secret(f"{index} phone", phone(index)),
        Secret(f"{index} photo", telling_part(person.photo)),
        Secret(f"{index} signature", telling_part(person.signature)),
        Secret(f"{index} finger", telling_part(person.chip["6FF4"])),
    ]  # fmt: skip


def secrets(people: list[Resident]) -> Iterator[Secret]:
    for index, person in enumerate(people):
        yield from secrets_of(index, person)
    yield Secret("taker", TAKER)
    yield from (Secret("strokes", form) for form in (STROKES, "[[117, 233], [341, 457]]", "[[117,233],[341,457]]"))


class Town(LinkedOffice):
    """`count` residents, a blank for each and some to spoil; a log as `keping run` writes it, at level debug."""

    def __init__(self, directory: Path, count: int) -> None:
        self.logged = logging.FileHandler(directory / "log")
        self.logged.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(threadName)s %(message)s"))
        root = logging.getLogger()
        self._level = root.level
        root.addHandler(self.logged)
        root.setLevel(logging.DEBUG)
        super().__init__(directory, blanks=count + 6)
        self.residents = list(invent(11, count, issued=date(2018, 8, 14)))
        people = People(self.data)
        people.add("maria", "Petugas Satu", Role.OPERATOR, PIN)
        people.add("yosep", "Petugas Dua", Role.SUPERVISOR, OTHER_PIN)

    def close(self) -> None:
        super().close()
        root = logging.getLogger()
        root.removeHandler(self.logged)
        root.setLevel(self._level)
        self.logged.close()

    def live(self) -> list[str]:
        """Call-backs, intake, a dead chip, prints, a failing render, a reprint, hand-overs, screens. Returns refs."""
        for index, person in enumerate(self.residents):
            said = {"nik": person.fields.nik, "phone": phone(index), "reason": "no-record"}
            self.station.execute("calls.add", said, "op:maria")
        self._say_it_wrong()
        self.spoil_chip(0, Behaviour(dead=True))
        refs = self.take_in(self.residents)
        self._break_one(refs[-1])
        jobs = self.station.desk.run_jobs("test", refs=refs)
        self.until(lambda: all(self.state(job) in ("completed", "aborted") for job in jobs))
        assert self.state(jobs[-1]) == "aborted"
        made = self.station.execute("jobs.reprint", {"job": jobs[0], "reason": "misprint"}, "op:maria")
        self.until(lambda: self.state(made["job"]) == "completed")
        self._look_at_the_screens(jobs[1])
        for job in [made["job"], *jobs[2:-1]]:
            hand_over(self, job, taker="representative", name=TAKER, strokes=STROKES)
        self.station.execute("calls.close", {"number": self.station.callbacks.waiting()[0].number}, "op:maria")
        with self.station.books.transaction():
            self.station.books._seal("test")  # so that there is a snapshot
        return refs

    def take_in(self, people: list[Resident]) -> list[str]:
        refs = issue(self.store, self.keys, people, STATION, now_s=time.time())
        assert self.station.sync
        self.station.sync.wake(now=True)
        self.until(lambda: set(refs) <= set(self.waiting()))
        return refs

    def _break_one(self, ref: str) -> None:
        """The renderer fails on it, deep inside, with everything of the person on the stack."""
        token = self.station.vault.token
        check = self.station._prepress._check  # type: ignore[union-attr]
        broken = token(ref)

        def checked(given: str):  # type: ignore[no-untyped-def]
            record = check(given)
            return type(record)(**{**vars(record), "photo": b"no picture"}) if given == broken else record

        self.station._prepress._check = checked  # type: ignore[union-attr]

    def _say_it_wrong(self) -> None:
        """What a person typed is not repeated by the refusal."""
        fields = self.residents[0].fields
        wrong = [
            ("calls.add", {"nik": fields.nik + "9", "phone": phone(0), "reason": "other"}),
            ("calls.add", {"nik": fields.nik, "phone": phone(0) + "x", "reason": fields.nama}),
            ("jobs.hand-over", {"job": "0badf00d", "taker": "representative", "verified": "kk", "name": TAKER}),
        ]
        for command, said in wrong:
            try:
                self.station.execute(command, said, "op:maria")
            except KepingError as exc:
                logging.getLogger("tests").warning("%s", exc, exc_info=exc)

    def _look_at_the_screens(self, job: str) -> None:
        """Addresses, cookies and redirects go to the log, pages do not: a page shows the person."""
        house = House(self.station, People(self.data), Sessions(), Throttle(), Parked())
        client = create_app(house).test_client()
        log = logging.getLogger("tests")
        client.post("/sign-in", data={"person": "maria", "pin": PIN})
        for path in ("/queue", "/printed", "/calls", f"/printed/{job}", "/sync", "/supplies"):
            answer = client.get(path)
            log.info("%s %s", path, answer.headers)
            for address in re.findall(r'(?:href|action|src)="([^"]*)"', answer.text):
                log.info("address %s", address)

    def centre_holds(self) -> bytes:
        """What came from the station, as the centre's journal store keeps it."""
        with self.store.snapshot() as connection:
            rows = [row for table in (frames, journals, stock, alarms) for row in connection.execute(select(table))]
        return b"\n".join(each if isinstance(each, bytes) else str(each).encode() for row in rows for each in row)
