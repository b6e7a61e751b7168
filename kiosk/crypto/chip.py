"""The signature on the chip, EF 6FF6: ECDSA over the other elementary files.

Known from the field: 6FF6 is 0x50 bytes and is checked by the SAM, whose curve is secp256r1 with SHA-256.
The layout inside is not public; here it is r || s, 32 bytes each, then 16 zero bytes. Signed are the files
6FF0 to 6FF5 in the order of their identifiers, each with the 2-byte big-endian length that precedes it on
the chip, so that no byte can move from one file into the next.
"""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from kiosk.core.records import CHIP_FILES
from kiosk.crypto.keys import ECKey, KeyFormatError

SIGNATURE_FILE = "6FF6"
SIGNATURE_FILE_BYTES = 0x50
SIGNED_FILES = tuple(name for name in CHIP_FILES if name != SIGNATURE_FILE)


def signed_message(files: Mapping[str, bytes]) -> bytes:
    """The bytes under the signature. KeyError if a file is missing, OverflowError over 65 535 bytes."""
    return b"".join(len(files[name]).to_bytes(2, "big") + files[name] for name in SIGNED_FILES)


def sign_files(key: ECKey, files: Mapping[str, bytes]) -> bytes:
    """The content of 6FF6, 80 bytes. Deterministic (RFC 6979): the same files give the same bytes."""
    private = key.private_key
    if private is None:
        raise KeyFormatError("signing needs the private key")
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = decode_dss_signature(private.sign(signed_message(files), algorithm))
    return (r.to_bytes(32, "big") + s.to_bytes(32, "big")).ljust(SIGNATURE_FILE_BYTES, b"\0")


def verify_files(key: ECKey, files: Mapping[str, bytes]) -> bool:
    """Whether `files` hold all seven files and 6FF6 signs the other six."""
    content = files.get(SIGNATURE_FILE, b"")
    if len(content) != SIGNATURE_FILE_BYTES or any(content[64:]) or not files.keys() >= set(SIGNED_FILES):
        return False
    r, s = int.from_bytes(content[:32], "big"), int.from_bytes(content[32:64], "big")
    try:
        key.public_key.verify(encode_dss_signature(r, s), signed_message(files), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
