"""The office's printer for paper, by CUPS. It is the office's own: the station knows none, and asks none."""

from __future__ import annotations

import shutil
import subprocess

from kiosk.errors import Unavailable

PATIENCE_S = 30.0


def put_out(content: bytes, title: str, printer: str = "", command: str = "lp") -> str:
    """Hand a PDF to CUPS, for `printer`, else its default; returns what it answered. Blocks at most PATIENCE_S.

    Unavailable if there is no CUPS, no such printer, or no answer in that time.
    """
    program = shutil.which(command)
    if program is None:
        raise Unavailable("no office printer: CUPS is not installed (apt install cups-client); take --stick or --to")
    words = [program, "-t", title, "-o", "media=A4", *(["-d", printer] if printer else []), "-"]
    try:
        done = subprocess.run(words, input=content, capture_output=True, timeout=PATIENCE_S, check=False)  # noqa: S603
    except (subprocess.TimeoutExpired, OSError) as exc:
        raise Unavailable(
            f"the office printer does not answer ({exc}); look at its queue before you repeat it"
        ) from exc
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip() or f"lp ended with {done.returncode}"
        raise Unavailable(f"the office printer took nothing: {why}; take --stick or --to")
    return done.stdout.decode("utf-8", "replace").strip()
