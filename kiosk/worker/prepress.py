"""From a record in the vault to what the devices take: checked, rendered, compressed; the next one ahead of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from drivers.errors import NotStarted
from drivers.protocols import Face, Prepared
from kiosk.core.records import Record
from kiosk.errors import KepingError, Rejected
from kiosk.vault import Vault

KEPT = 3


@dataclass(frozen=True)
class PrintReady:
    prepared: Prepared
    chip: Mapping[str, bytes]


class Prepress:
    """One background thread.

    `check` verifies a signed record and returns it, or raises Rejected. `render` draws it and `prepare` puts it
    into the printer's own format; what they can't do (ValueError, NotStarted) is Rejected too. `test`: face and files
    of a test card.
    """

    def __init__(
        self,
        vault: Vault,
        check: Callable[[str], Record],
        render: Callable[[Record], Face],
        prepare: Callable[[Face], Prepared],
        test: Callable[[], tuple[Face, Mapping[str, bytes]]],
    ) -> None:
        self._vault = vault
        self._check = check
        self._render = render
        self._prepare = prepare
        self._test = test
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="prepress")
        self._ahead: dict[str, Future[PrintReady]] = {}

    def ahead(self, ref: str) -> None:
        """Start on `ref` in the background, if it is not begun already."""
        if ref not in self._ahead:
            self._ahead[ref] = self._pool.submit(self._make, ref)
            while len(self._ahead) > KEPT:
                self._ahead.pop(next(iter(self._ahead)))

    def take(self, ref: str) -> PrintReady:
        """Wait for `ref`: about 0.5 s if not begun ahead. Rejected, with the reason, if it may not be printed."""
        self.ahead(ref)
        try:
            return self._ahead[ref].result()
        except KepingError:
            del self._ahead[ref]
            raise

    def specimen(self) -> PrintReady:
        """What a test card gets, in the caller's thread: about 0.3 s. Rejected `unprintable`."""
        face, files = self._test()
        try:
            return PrintReady(self._prepare(face), files)
        except (ValueError, NotStarted) as exc:
            raise Rejected(f"the test card can't be printed: {exc}", "unprintable") from exc

    def forget(self, ref: str) -> None:
        self._ahead.pop(ref, None)

    def _make(self, ref: str) -> PrintReady:
        token = self._vault.token(ref)
        try:
            record = self._check(token)
            if record.ref != ref:
                raise Rejected(f"the vault holds {record.ref} under {ref}", "altered")
            return PrintReady(self._prepare(self._render(record)), record.chip)
        except (ValueError, NotStarted) as exc:
            raise Rejected(f"the record can't be made into a card: {exc}", "unprintable") from exc

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
