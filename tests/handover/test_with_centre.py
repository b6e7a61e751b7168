"""From the centre's record to the destroyed biometrics: a station on a link that comes and goes."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.config import Config, HubConfig, PrinterConfig
from kiosk.enrolment import enrol_station
from kiosk.gate import open_keyring
from kiosk.hub import stations
from kiosk.hub.app import create_app
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.server import HubServer
from kiosk.hub.status import status
from kiosk.hub.store import Store
from kiosk.station import Station
from kiosk.vault import Vault
from tests.office import STATION, Office
from tests.station.test_handover import hand_over


class LinkedOffice(Office):
    """An office whose records come from a centre, which hears of every frame."""

    def __init__(self, directory: Path, blanks: int = 4) -> None:
        self.store, self.keys = Store.open(directory / "hub"), HubKeys.generate()
        self.server = HubServer(create_app(self.store, self.keys, time.time))
        super().__init__(directory, blanks=blanks)

    def _enrol(self) -> None:
        code = stations.add_station(self.store, STATION)
        enrol_station(Config(), self.data, self.server.url, code, self.keys.fingerprint, "test")

    def _open(self) -> Station:
        config = Config(
            hub=HubConfig(self.server.url, poll=1.0),
            printer=PrinterConfig(port=self.line.path, reply_timeout=1.0),
            reader=self.reader(),
        )
        station = Station(config, self.data, "test")
        erase = station.vault.erase_biometrics

        def erased(refs: Collection[str]) -> None:
            erase(refs)
            with self._changed:
                self._changed.notify_all()

        station.vault.erase_biometrics = erased  # type: ignore[method-assign]
        return station

    def print_from_centre(self) -> tuple[str, str]:
        """A record leased by the centre and the job that made its card."""
        [ref] = issue(self.store, self.keys, self.residents[:1], STATION, now_s=time.time())
        assert self.station.sync
        self.station.sync.wake(now=True)
        self.until(lambda: ref in self.waiting())
        [job] = self.station.desk.run_jobs("test", refs=[ref])
        self.until(lambda: self.state(job) == "completed")
        return ref, job

    def waiting(self) -> list[str]:
        with self.station.books.transaction() as view:
            return [row["ref"] for row in view.rows("records")]

    def lease_states(self) -> dict[str, int]:
        [row] = status(self.store)
        assert row.alarms == ()
        return dict(row.records)

    def close(self) -> None:
        super().close()
        self.server.stop()
        self.store.close()


def reopened(data: Path) -> Vault:
    """The vault as it lies there, while no station runs."""
    return Vault(data / "vault", open_keyring(data, "file", None))


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[LinkedOffice]:
    place = LinkedOffice(tmp_path)
    yield place
    place.close()


def test_the_data_go_as_soon_as_the_centre_has_the_hand_over(linked: LinkedOffice) -> None:
    ref, job = linked.print_from_centre()
    vault = linked.station.vault
    assert vault.has_biometrics(ref)
    hand_over(linked, job)
    linked.until(lambda: not vault.has_biometrics(ref))
    assert linked.lease_states() == {"issued": 1}
    assert vault.identity(ref) == linked.residents[0].fields


def test_offline_they_stay_until_the_link_is_back(linked: LinkedOffice) -> None:
    ref, job = linked.print_from_centre()
    linked.server.pause()
    hand_over(linked, job)
    linked.restart()
    assert linked.station.vault.has_biometrics(ref)
    linked.server.resume()
    assert linked.station.sync
    linked.station.sync.wake(now=True)
    linked.until(lambda: not linked.station.vault.has_biometrics(ref))


def test_a_crash_between_receipt_and_erasure_is_made_up_for_without_the_centre(linked: LinkedOffice) -> None:
    ref, job = linked.print_from_centre()
    kept = {path: path.read_bytes() for name in ("vault", "keys") for path in (linked.data / name).glob("*.*")}
    kept[linked.data / "vault" / "keyring"] = (linked.data / "vault" / "keyring").read_bytes()
    hand_over(linked, job)
    linked.until(lambda: not linked.station.vault.has_biometrics(ref))
    linked.station.close()
    linked.server.pause()
    for path, content in kept.items():
        path.write_bytes(content)
    assert reopened(linked.data).has_biometrics(ref)
    linked.reopen()
    assert not linked.station.vault.has_biometrics(ref)


def test_a_second_card_is_no_alarm_at_the_centre(linked: LinkedOffice) -> None:
    _, first = linked.print_from_centre()
    made: dict[str, Any] = linked.station.execute("jobs.reprint", {"job": first, "reason": "misprint"}, "test")
    linked.until(lambda: linked.state(made["job"]) == "completed")
    hand_over(linked, made["job"])
    ref = made["ref"]
    linked.until(lambda: not linked.station.vault.has_biometrics(ref))
    assert linked.lease_states() == {"issued": 1}
