"""Run by the interpreter of an environment with the vendor's library in it: vendor_client.py URL PICTURE.

Says what the library made of the printer, as one JSON object. Not a test, and imports nothing of this project.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from evolis import CardFace, CardPos, Connection, OpenMode, PrintSession, RibbonType


def life(connection: Any, picture: str) -> dict[str, Any]:
    """All cards go: one to the chip and to the reject tray, one straight out, one printed."""
    info, state = connection.get_info(), connection.get_state()
    told = {
        "model": info.modelName,
        "firmware": info.fwVersion,
        "serial": info.serialNumber,
        "contactless": info.hasContactLessEnc,
        "flip": info.hasFlip,
        "state": [state.major.name, state.minor.name],
        "to the chip": connection.set_card_pos(CardPos.CONTACTLESS),
        "rejected": connection.reject_card(),
        "inserted": connection.insert_card(),
        "ejected": connection.eject_card(),
    }
    session = PrintSession(connection)
    session.init_with_ribbon(RibbonType.YMCKO)
    session.set_image(CardFace.FRONT, picture)
    told["printed"] = session.print().name
    return told


def main(url: str, picture: str) -> None:
    connection = Connection()
    opened = connection.open(url, OpenMode.DIRECT)
    told = life(connection, picture) if opened else {}
    state = connection.get_state()
    connection.close()
    sys.stdout.write(json.dumps({"opened": opened, **told, "after": [state.major.name, state.minor.name]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
