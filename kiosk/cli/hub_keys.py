"""hub: rotate-keys, retire-keys."""

from __future__ import annotations

import time

import click

from kiosk.cli.context import App, pass_app
from kiosk.cli.hub_page import open_store
from kiosk.errors import Rejected, UsageError
from kiosk.hub import keyring, stations
from kiosk.hub.keyring import HubKeys
from kiosk.hub.store import Store


@click.command("rotate-keys")
@pass_app
def rotate_keys(app: App) -> None:
    """Announce new keys of the centre, to sign and to receive sticks (docs/keys.md); not the chip's.

    Stations learn them at their next contact, or by a stick. All is signed by the old ones until `hub retire-keys`.
    A `hub run` elsewhere needs the same files. Asked again meanwhile, it names the stations that are still to learn.
    """
    keys = keyring.rotate(app.data)
    store = open_store(app)
    left = _left(store, keys)
    store.close()
    found = {"fingerprint": keys.fingerprint, "newest": keys.newest, "behind": left}
    app.answer(found, lambda: f"announced; {_told(left)}")


@click.command("retire-keys")
@click.option("--leave-behind", is_flag=True, help="Also though stations have not learned the new keys.")
@click.option("--by", default="", help="Who decides that.")
@click.option("--reason", default="", help="Why; it stands in an alarm of each of them.")
@pass_app
def retire_keys(app: App, leave_behind: bool, by: str, reason: str) -> None:
    """Sign by the announced keys from now on; the old ones are gone.

    Refused while a station has not called by the new key, with the names. One that is left behind can do nothing but
    learn, by its next contact or stick, until it has learned.
    """
    if leave_behind and not (by.strip() and reason.strip()):
        raise UsageError("stations are left behind by name and with a reason")
    store = open_store(app)
    try:
        keys = HubKeys.open(app.data)
        left = _left(store, keys)
        if left and not leave_behind:
            raise Rejected(f"{_told(left)}: wait, or carry a stick there, or --leave-behind", "stations-behind")
        stations.leave_behind(store, left, by.strip(), reason.strip(), int(time.time() * 1000))
        keys = keyring.retire(app.data)
    finally:
        store.close()
    found = {"fingerprint": keys.fingerprint, "behind": left}
    app.answer(found, lambda: f"fingerprint {keys.fingerprint}")


def _left(store: Store, keys: HubKeys) -> list[str]:
    with store.snapshot() as connection:
        return stations.behind(connection, keys.newest)


def _told(left: list[str]) -> str:
    return f"{', '.join(left)} still to learn the new keys" if left else "every station knows the new keys"
