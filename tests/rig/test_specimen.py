"""docs/card.png is what the code draws today."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

from kiosk.core.records import Sku
from kiosk.render import render_face
from kiosk.rig.residents import invent
from kiosk.rig.specimen import compose, draw_specimen, unsigned

COMMITTED = Path(__file__).parents[2] / "docs" / "card.png"


def test_the_picture_in_the_docs_is_current_and_small(tmp_path: Path) -> None:
    fresh = tmp_path / "card.png"
    draw_specimen(fresh)
    with Image.open(fresh) as new, Image.open(COMMITTED) as old:
        assert new.size == old.size
        difference = np.abs(np.asarray(new.convert("RGB"), int) - np.asarray(old.convert("RGB"), int))
    assert difference.mean() < 1, "draw it again: kiosk.rig.specimen.draw_specimen(Path('docs/card.png'))"
    assert COMMITTED.stat().st_size <= 200_000


def test_the_mark_is_on_the_picture_and_not_on_the_face(tmp_path: Path) -> None:
    marked = tmp_path / "card.png"
    draw_specimen(marked, seed=9, issued=date(2026, 11, 2))
    resident = next(invent(9, 1, issued=date(2026, 11, 2)))
    plain = np.asarray(compose(render_face(unsigned(resident)), Sku.WNI), int)
    with Image.open(marked) as picture:
        difference = np.abs(np.asarray(picture.convert("RGB"), int) - plain).max(axis=2)
    assert np.count_nonzero(difference[250:510, 80:710] > 20) > 10_000
    assert np.mean(difference[164:484, 740:980] > 40) < 0.01, "more than the palette of 256 explains"
