"""Where the files that ship with the code are: the source tree, or the installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(*parts: str, package: Path = _PACKAGE) -> Path:
    """Path of `config.yaml` or of a file under `templates/`, e.g. `resource("templates", "card")`.

    A wheel carries both under `kiosk/_data` (pyproject, force-include); a checkout has them beside `kiosk`.
    FileNotFoundError names the path looked for.
    """
    data = package / "_data"
    path = (data if data.is_dir() else package.parent).joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError(path)
    return path
