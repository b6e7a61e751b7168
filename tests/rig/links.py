"""How a rehearsal reaches its chips, as a parameter of tests."""

from __future__ import annotations

import pytest

from kiosk.rig.pcscd import unavailable_reason

WHY_NOT = unavailable_reason() or ""
LINKS = [
    # Where pcscd runs the other one says more; an unprivileged user has this one.
    pytest.param("in-process", marks=[] if WHY_NOT else [pytest.mark.long]),
    pytest.param("pcsc", marks=[pytest.mark.pcsc, pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)]),
]
