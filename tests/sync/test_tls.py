"""Through a real nginx with the recipe of docs/tls.md: what a station believes, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from kiosk.crypto import keys
from kiosk.crypto.keys import OKPKey
from kiosk.errors import UsageError
from kiosk.hub import stations
from kiosk.sync.client import HubClient, HubRefused, HubUnreachable, connect
from kiosk.sync.enrol import Pins, enrol
from kiosk.sync.intake import Accepted, Intake
from kiosk.sync.shipping import Acknowledged, AckStore, Shipper
from kiosk.sync.tls import trust
from tests.sync.centre import Centre, Clock, Journal, Sink
from tests.sync.proxy import CANNOT, Authority, proxy

HOST = "localhost"
BOOT_OF_2000 = 946_684_800.0

pytestmark = pytest.mark.skipif(bool(CANNOT), reason=CANNOT)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def ca(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_bytes(authority.pem())
    return path


@pytest.fixture(scope="module")
def sound(authority: Authority, centre: Centre) -> Iterator[str]:
    """The address of a proxy that shows what it should."""
    with proxy(authority.certificate(HOST), centre.server.port) as port:
        yield f"https://{HOST}:{port}"


def enrolled(centre: Centre, url: str, ca: Path | None, name: str) -> tuple[Pins, OKPKey]:
    code = stations.add_station(centre.store, name)
    own = (keys.generate_signing(), keys.generate_encryption())
    return enrol(url, name, code, centre.keys.fingerprint, own, ca=ca), own[0]


def large(journal: Journal) -> bytes:
    """One more frame, of a kind that the centre stores unread: more than nginx takes by itself."""
    return journal.append("of-later", {"words": "x" * (1 << 20)}).line


def refusal(centre: Centre, url: str, ca: Path | None) -> str:
    """What enrolment says there; the code was not sent, so it still counts."""
    with pytest.raises(HubUnreachable) as caught:
        enrolled(centre, url, ca, "refused")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_station_enrols_ships_and_takes_in(centre: Centre, sound: str, ca: Path, tmp_path: Path) -> None:
    pins, key = enrolled(centre, sound, ca, "over-tls")
    journal, sink = Journal("over-tls", key), Sink()
    journal.stock(40)
    refs = centre.issue("over-tls", 30)
    told: list[int] = []
    http = connect(sound, ca=ca)
    with closing(HubClient(http, "over-tls", key, pins.signing, clock=Clock(), heard=told.append)) as client:
        acknowledged = Acknowledged(journal, AckStore(tmp_path / "ack.json"), "over-tls", pins.signing)
        assert not Shipper(client, journal, acknowledged).step()
        intake = Intake(client, sink)
        while intake.step():
            pass
        assert set(told) == {int(centre.clock() * 1000)}  # the hub's word, not nginx's
        client.ship([large(journal)], journal.checkpoint())
    assert [each.ref for each in sink.held if isinstance(each, Accepted)] == refs
    assert len(centre.held("over-tls")) == 42


def test_nothing_but_the_contract_is_public(sound: str, ca: Path) -> None:
    with connect(sound, ca=ca) as http:
        for path in ("/", "/alarms", "/static/x", "/v2/enrol"):
            assert http.get(path).status_code == 404
        assert http.get("/v1").status_code == 301  # nginx's own, to /v1/
        assert "nginx/" not in http.get("/").headers["Server"]
        assert http.get("/v1/stations/nobody/status").json()["reason"] == "unsigned"


def test_an_authority_that_the_station_was_not_given(centre: Centre, sound: str, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(Authority().pem())
    for ca in (None, other):
        assert "no authority that this station trusts" in refusal(centre, sound, ca)


def test_another_name(centre: Centre, authority: Authority, ca: Path) -> None:
    with proxy(authority.certificate("hub.example"), centre.server.port) as port:
        said = refusal(centre, f"https://{HOST}:{port}", ca)
    assert re.search("refused: Hostname mismatch.*'localhost'", said)


def test_an_expired_certificate(centre: Centre, authority: Authority, ca: Path) -> None:
    with proxy(authority.certificate(HOST, days=(-3, -1)), centre.server.port) as port:
        assert "it has expired by this station's clock" in refusal(centre, f"https://{HOST}:{port}", ca)


def test_a_box_that_wakes_in_2000_reaches_the_centre(sound: str, ca: Path) -> None:
    """What is refused is an end that has passed, not a beginning that lies ahead."""
    with httpx.Client(verify=trust(ca, clock=lambda: BOOT_OF_2000)) as http:
        assert http.get(f"{sound}/v1/stations/nobody/status").status_code == 401


LINES = {"proxy_pass_header     Date;": (HubRefused, "401"), "client_max_body_size 5m;": (HubUnreachable, "413")}


@pytest.mark.parametrize("line", LINES)
def test_without_a_line_of_the_recipe(centre: Centre, authority: Authority, ca: Path, sound: str, line: str) -> None:
    name = f"without-{list(LINES).index(line)}"
    pins, key = enrolled(centre, sound, ca, name)
    journal = Journal(name, key)
    body = [journal.frames[0].line, large(journal)]
    failure, said = LINES[line]
    with proxy(authority.certificate(HOST), centre.server.port, without=line) as port:
        http = connect(f"https://{HOST}:{port}", ca=ca)
        with closing(HubClient(http, name, key, pins.signing, clock=Clock())) as client:
            client.position()
            with pytest.raises(failure, match=said):
                client.ship(body, journal.checkpoint())


def test_a_file_that_is_no_authority(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("hub.ca")
    for path, said in (("ca.pem", "holds no certificate in PEM"), ("missing.pem", "No such file")):
        with pytest.raises(UsageError, match=said):
            connect("https://hub.example", ca=tmp_path / path)
