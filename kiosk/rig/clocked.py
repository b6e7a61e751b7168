"""A station as `keping enrol` and `keping run` have it, but for its clock: that of a story.

    python -m kiosk.rig.clocked --clock FILE --config FILE --data DIR enrol --code CODE --fingerprint FINGERPRINT
    python -m kiosk.rig.clocked --clock FILE --config FILE --data DIR run

The one way to give a station another clock than the machine's: no option and no configuration key does.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import threading
from pathlib import Path

from kiosk import runtime
from kiosk.config import load_config
from kiosk.enrolment import enrol_station
from kiosk.journal import Clock
from kiosk.rig.story_clock import StoryClock
from kiosk.station import Station
from kiosk.web.serve import serve


def main() -> int:
    parser = argparse.ArgumentParser(prog="kiosk.rig.clocked")
    for name in ("--clock", "--config", "--data"):
        parser.add_argument(name, type=Path, required=True)
    verbs = parser.add_subparsers(dest="verb", required=True)
    enrolling = verbs.add_parser("enrol")
    for name in ("--code", "--fingerprint"):
        enrolling.add_argument(name, required=True)
    verbs.add_parser("run")
    said = parser.parse_args()
    config = load_config(said.config)
    clock = Clock(said.data, StoryClock(said.clock))
    if said.verb == "enrol":
        incarnation = enrol_station(
            config, said.data, config.hub.url, said.code, said.fingerprint, "cli:rig", clock
        )  # fmt: skip
        sys.stdout.write(json.dumps({"station": config.station.id, "incarnation": incarnation}) + "\n")
        return 0
    logging.basicConfig(level=config.log.level.upper(), stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    runtime.settle()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    ended = serve(Station(config, said.data, "station", clock=clock), stopping)
    return ended.code if ended else 0


if __name__ == "__main__":
    sys.exit(main())
