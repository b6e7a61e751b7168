"""The doctor at a print queue, and the station that would be given one it can't work with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from drivers.printers.ipp_codec import JobState, Operation
from kiosk.config import PrinterConfig, ReaderConfig
from kiosk.core.plan import FOR_RECORDS, Plan
from kiosk.doctor import Report
from kiosk.equipment import check_drivers, has_chip_station
from kiosk.errors import Rejected, UsageError
from tests.office import Office
from tests.printers.ipp_service import CUPS, Service, serving
from tests.technician.test_doctor import ask, found


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as told:
        told.extra = dict(CUPS)
        yield told


def examined(office: Office, service: Service) -> Report:
    return ask(office, printer=PrinterConfig(driver="ipp", port=service.url))


def told_of_queue(report: Report) -> list[str]:
    return [each.situation for each in report.findings if each.check == "queue"]


def test_a_queue_that_is_fit(stopped: Office, service: Service) -> None:
    report = examined(stopped, service)
    assert told_of_queue(report) == ["queue.ok"]
    assert found(report)["printer"] == "ok"


def test_all_that_has_to_be_changed_is_said_at_once(stopped: Office, service: Service) -> None:
    service.extra |= {"printer-error-policy": "retry-job", "device-uri": "usb://HID/FARGO"}
    service.operations.remove(Operation.CANCEL_JOB)
    service.reasons = ["paused"]
    report = examined(stopped, service)
    assert told_of_queue(report) == ["queue.unsafe"] * 3 + ["queue.paused"]
    told = " ".join(each.detail for each in report.findings)
    assert all(word in told for word in ("CANCEL_JOB", "lpadmin -o printer-error-policy=abort-job", "once:/"))
    assert found(report)["printer"] == "stopped"
    assert report.reasons == ("queue-unsafe",)
    assert report.exit_code == 4


def test_a_queue_that_is_paused(stopped: Office, service: Service) -> None:
    service.reasons = ["paused"]
    report = examined(stopped, service)
    assert told_of_queue(report) == ["queue.paused"]
    assert report.reasons == ("paused",)


def test_a_job_of_before_is_named_before_it_is_ended(stopped: Office, service: Service) -> None:
    service.jobs, service.names = {7: [(JobState.PROCESSING, "none")]}, {7: "card"}
    assert told_of_queue(examined(stopped, service)) == ["queue.job-left"]
    assert told_of_queue(examined(stopped, service)) == ["queue.ok"]


def test_the_card_of_a_station_that_runs_is_no_job_of_before(office: Office, service: Service) -> None:
    office.until(lambda: office.station.printer_status is not None)
    service.jobs, service.names = {7: [(JobState.PROCESSING, "none")]}, {7: "card"}
    assert told_of_queue(examined(office, service)) == ["queue.ok"]
    assert service.jobs[7] == [(JobState.PROCESSING, "none")]
    assert Operation.CANCEL_JOB not in service.heard


def test_nobody_there_and_no_queue_at_all(stopped: Office) -> None:
    report = ask(stopped, printer=PrinterConfig(driver="ipp", port="ipp://127.0.0.1:9/"))
    assert (told_of_queue(report), found(report)["printer"]) == ([], "silent")
    assert told_of_queue(ask(stopped)) == []


def test_a_station_does_not_start_with_a_plan_that_its_printer_cant_do(stopped: Office) -> None:
    ipp = PrinterConfig(driver="ipp")
    with pytest.raises(UsageError, match=r"card.plan: inline: .* desktop-after or desktop-before"):
        check_drivers(ipp, ReaderConfig(), Plan.INLINE)
    for plan in set(FOR_RECORDS) - {Plan.INLINE}:
        check_drivers(ipp, ReaderConfig(), plan)
    check_drivers(PrinterConfig(), ReaderConfig(), Plan.INLINE)
    assert has_chip_station("evolis")
    assert not has_chip_station("ipp")


def test_that_plan_can_not_be_chosen_either(office: Office) -> None:
    choice = office.station.equipment
    choice._config = replace(choice._config, printer=replace(choice._config.printer, driver="ipp"))
    with pytest.raises(Rejected, match="no chip station") as caught:
        choice.use("test", "plan", "inline")
    assert caught.value.reason == "equipment-missing"
