"""nginx with the recipe of docs/tls.md, as a process without rights, and a throwaway authority for it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.docs.pages import page

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
CANNOT = "" if NGINX else "nginx is not installed"
UNPRIVILEGED = "nobody" if os.geteuid() == 0 else None

_MAIN = """
daemon off;
worker_processes 1;
pid {place}/pid;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    {recipe}
}}
"""


@dataclass
class Authority:
    """Signs certificates for as long as the test runs."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    name: x509.Name = field(default_factory=lambda: _named("Keping test"))

    def pem(self) -> bytes:
        own = self._signed(self.name, self.key, days=(-1, 1), more=x509.BasicConstraints(ca=True, path_length=0))
        return own.public_bytes(Encoding.PEM)

    def certificate(self, host: str, days: tuple[float, float] = (-1, 1)) -> bytes:
        """Certificate and key for `host`; `days`: from and to, counted from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        shown = self._signed(_named(host), key, days, x509.SubjectAlternativeName([x509.DNSName(host)]))
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return shown.public_bytes(Encoding.PEM) + secret

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: tuple[float, float], more: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
            .add_extension(more, critical=isinstance(more, x509.BasicConstraints))
            .sign(self.key, SHA256())
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def recipe() -> str:
    found = re.search(r"```nginx\n(.*?)```", page("tls.md"), re.DOTALL)
    assert found
    return found[1]


@contextmanager
def proxy(shown: bytes, hub_port: int, without: str = "") -> Iterator[int]:
    """Serve `shown` on a free port of loopback, which is yielded. `without`: a line of the recipe to leave out.

    The socket is open before nginx is: it inherits it (its way of changing the binary), so nobody need wait.
    """
    place = Path(tempfile.mkdtemp(prefix="keping-nginx-"))
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    (place / "hub.pem").write_bytes(shown)
    text = recipe()
    assert without in text
    for said, meant in (
        (without or "\0", ""),
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("/etc/keping/tls/hub.pem", f"{place}/hub.pem"),
        ("/etc/keping/tls/hub.key", f"{place}/hub.pem"),
        ("127.0.0.1:8440", f"127.0.0.1:{hub_port}"),
    ):
        text = text.replace(said, meant)
    (place / "nginx.conf").write_text(_MAIN.format(place=place, recipe=text))
    if UNPRIVILEGED:
        for path in (place, *place.iterdir()):
            shutil.chown(path, UNPRIVILEGED)
    assert NGINX
    running = subprocess.Popen(
        [NGINX, "-e", "stderr", "-p", place, "-c", place / "nginx.conf"],
        pass_fds=[listening.fileno()], env={"NGINX": f"{listening.fileno()};"}, user=UNPRIVILEGED,
    )  # fmt: skip
    try:
        yield port
    finally:
        running.send_signal(signal.SIGTERM)
        ended = running.wait(10)
        listening.close()
        shutil.rmtree(place)
    assert ended == 0
