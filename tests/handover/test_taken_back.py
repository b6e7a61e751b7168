"""A finished card whose record the centre has taken away meanwhile: it is said, asked, and kept who knew."""

from __future__ import annotations

import pytest

from kiosk.cli.telling import tell
from kiosk.core.release import Withdrawal
from kiosk.errors import Rejected
from tests.handover.conftest import Clerk
from tests.handover.test_screens import PLAIN
from tests.office import Office
from tests.station.test_handover import hand_over, printed, record_state
from tests.station.test_withdrawn import withdraw

SAYS = "Ditarik oleh pusat: data salah"
KNOWN = {"although_withdrawn": "1"}


def test_nobody_hands_it_over_without_saying_that_they_know(office: Office) -> None:
    taken, other = printed(office, 2)
    ref = office.job(taken)["ref"]
    withdraw(office, ref, Withdrawal.DECEASED)
    before = office.frames()
    with pytest.raises(Rejected, match="deceased") as refused:
        hand_over(office, taken)
    assert refused.value.reason == "withdrawn"
    assert (office.frames(), record_state(office, ref)) == (before, "printed")
    hand_over(office, taken, although_withdrawn=True)
    assert (office.frames()[-1].data["withdrawn"], record_state(office, ref)) == ("deceased", "issued")
    assert "although the centre had taken the record away: deceased" in tell(office.frames()[-1])
    hand_over(office, other, although_withdrawn=True)
    assert "withdrawn" not in office.frames()[-1].data
    office.agree()


def test_both_screens_say_so_and_the_second_asks(clerk: Clerk) -> None:
    taken, other = printed(clerk.office, 2)
    compare, take = f"/hand-over/{taken}", f"/hand-over/{taken}/take"
    assert SAYS not in clerk.look(compare) + clerk.look(take)
    withdraw(clerk.office, clerk.office.job(taken)["ref"])
    assert SAYS in clerk.look(compare)
    assert SAYS in clerk.look(take)
    assert SAYS not in clerk.look(f"/hand-over/{other}") + clerk.look(f"/hand-over/{other}/take")
    refused = clerk.send(compare, PLAIN, take)
    assert refused.status_code == 409
    assert "Pusat menarik data kartu ini" in refused.text
    given = clerk.send(compare, {**PLAIN, **KNOWN}, take)
    assert given.status_code == 303
    assert clerk.office.frames()[-1].data["withdrawn"] == "wrong-data"
