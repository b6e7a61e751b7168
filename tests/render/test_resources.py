"""Shipped files are found in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.resources import resource


def test_this_tree_has_its_templates_and_config() -> None:
    assert resource("config.yaml").is_file()
    assert resource("templates", "card", "ktp_el_front.toml").is_file()


def test_a_wheel_carries_them_inside_the_package(tmp_path: Path) -> None:
    package = tmp_path / "kiosk"
    (package / "_data" / "templates").mkdir(parents=True)
    (tmp_path / "templates").mkdir()
    assert resource("templates", package=package) == package / "_data" / "templates"


def test_a_checkout_has_them_beside_the_package(tmp_path: Path) -> None:
    (tmp_path / "kiosk").mkdir()
    (tmp_path / "templates").mkdir()
    assert resource("templates", package=tmp_path / "kiosk") == tmp_path / "templates"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.toml"):
        resource("templates", "nothing.toml", package=tmp_path / "kiosk")
