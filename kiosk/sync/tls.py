"""Whom a station takes for the centre at the other end of a line, and how it says why not."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.errors import UsageError

# X.509 verification results as OpenSSL numbers them (x509_vfy.h), and its flag that leaves dates unchecked.
_NOT_YET_VALID, _EXPIRED = 9, 10
_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)

_UNKNOWN = "no authority that this station trusts vouches for it (hub.ca in the config, --ca on the command line)"
_REFUSALS = {
    _NOT_YET_VALID: "it is not valid yet by this station's clock",
    _EXPIRED: "it has expired by this station's clock",
    7: _UNKNOWN,  # one of the same name, with another key
    18: _UNKNOWN,
    19: _UNKNOWN,
    20: _UNKNOWN,
    21: _UNKNOWN,
}


class _Expired(ssl.SSLCertVerificationError):
    verify_code, verify_message = _EXPIRED, "certificate has expired"


class _Pinned(ssl.SSLContext):
    """Trusts what one authority gave out, from the first day on until it expires.

    A box that wakes in the year 2000 takes every certificate for one of the future; it must reach the centre to learn
    the time. So the beginning is not judged: an authority that the station was given signs nothing for later.
    """

    clock: Callable[[], float]

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        """As in `ssl`. Raises SSLCertVerificationError for an expired certificate too."""
        line = super().wrap_socket(*args, **options)
        shown = line.getpeercert()
        if not shown or ssl.cert_time_to_seconds(str(shown["notAfter"])) < self.clock():
            line.close()
            raise _Expired(ssl.SSL_ERROR_SSL, _Expired.verify_message)
        return line


def trust(ca: Path | None, clock: Callable[[], float] = time.time) -> ssl.SSLContext:
    """Believe the authority in `ca` (PEM) alone, without it those of the system. UsageError if it can't be read."""
    if ca is None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_default_certs()
        return context
    pinned = _Pinned(ssl.PROTOCOL_TLS_CLIENT)
    pinned.clock = clock
    pinned.verify_flags |= _NO_CHECK_TIME
    try:
        pinned.load_verify_locations(ca)
    except ssl.SSLError as exc:
        raise UsageError(f"hub.ca: {ca}: holds no certificate in PEM") from exc
    except OSError as exc:
        raise UsageError(f"hub.ca: {ca}: {exc.strerror}") from exc
    return pinned


def why(exc: Exception) -> str:
    """What was wrong with a connection, in one line."""
    cause: BaseException | None = exc
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return f"{type(exc).__name__} {exc}".rstrip()
    return f"the certificate there is refused: {_REFUSALS.get(cause.verify_code, cause.verify_message)}"
