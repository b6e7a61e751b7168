import tracemalloc
from pathlib import Path

import pytest

from kiosk.config import Config, find_config, find_data, load_config
from kiosk.errors import UsageError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, "")) == load_config(None) == Config()


def test_values_are_taken(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, "printer:\n  baud: 9600\nreader: {appear_timeout: 2}\n"))
    assert config.printer.baud == 9600
    assert config.reader.appear_timeout == 2.0
    assert config.printer.driver == "evolis"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prnter: {}", "1: prnter: unknown key (did you mean 'printer'?)"),
        ("printer:\n  baud: fast", "2: printer.baud: expected int, got 'fast'"),
        ("printer:\n  baud: 1", "2: printer.baud: 1 is not in 2400 to 921600"),
        ("printer:\n  baud: true", "2: printer.baud: expected int, got True"),
        ("printer:\n  ribbon: rainbow", "2: printer.ribbon: 'rainbow' is not one of k, ko, ymcko, ymckok"),
        ("printer:\n  driver: ../evil", "2: printer.driver: '../evil' does not match"),
        ("printer: evolis", "1: printer: expected keys and values"),
        ("card:\n  plan: outline", "2: card.plan: 'outline' is not one of inline, desktop-before, desktop-after"),
        ("station:\n  id: a\n  id: b", "3: station.id: given twice"),
        ("hub:\n  url: ftp://x", "2: hub.url"),
        ("- a\n- b", "1: the file: expected keys and values"),
        ("a: [", "not YAML"),
    ],
)
def test_one_line_with_file_line_and_key(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_config(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_where_the_config_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_config(None, {}) is None or find_config(None, {}) == Path("/etc/keping/config.yaml")
    here = written(tmp_path, "")
    assert find_config(None, {}) == Path("config.yaml")
    other = tmp_path / "other.yaml"
    other.touch()
    assert find_config(None, {"KEPING_CONFIG": str(other)}) == other
    assert find_config(here, {"KEPING_CONFIG": str(other)}) == here
    with pytest.raises(UsageError, match="no such config"):
        find_config(tmp_path / "gone.yaml", {})


def test_where_data_lies(tmp_path: Path) -> None:
    assert find_data(Config(data="/srv/keping"), None) == Path("/srv/keping")
    assert find_data(Config(data="/srv/keping"), tmp_path) == tmp_path


DOUBLED = [f"- &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]" for n in range(25)]
"""Each is twice the one before."""


@pytest.mark.parametrize(
    "text",
    [
        "station:\n  id: !!timestamp x\n", "hub:\n  poll: !!int ''\n", "station:\n  office: !!bool x\n",
        "data: " + "[" * 1_000, 'station:\n  office: "\\ud800"\n', 'data: "a\\0b"\n', 'stick: ["\\ud800"]\n',
        "hub:\n  poll: " + "9" * 400 + "\n", "web:\n  port: 0x" + "f" * 5_000, "data: [0x" + "f" * 5_000 + "]\n",
        '"' + "A" * 70_000 + '": 1\n', '"a\\nb": 1\n',
        "\n".join(["stick:", "- &a [x, x]", *DOUBLED[:24]]),
    ],
)  # fmt: skip
def test_no_file_is_more_than_one_line_of_trouble(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load_config(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_value_is_told_in_a_hundred_characters(tmp_path: Path) -> None:
    for length, told in ((90, "b" * 90), (5_000, "b" * 40 + "...")):
        with pytest.raises(UsageError) as caught:
            load_config(written(tmp_path, f"web:\n  port: {'b' * length}\n"))
        assert told in str(caught.value)
        assert str(caught.value).count("b") <= len(str(tmp_path)) + 100


def test_a_value_that_refers_to_itself_is_never_written_out(tmp_path: Path) -> None:
    """Half a megabyte of text out of half a kilobyte of file, that is cut before it is made."""
    path = written(
        tmp_path, "\n".join(["web:", "  port:", *("  " + each for each in ["- &a [x, x]", *DOUBLED[:16]])])
    )
    tracemalloc.start()
    try:
        with pytest.raises(UsageError, match="expected int, got"):
            load_config(path)
        assert tracemalloc.get_traced_memory()[1] < 400_000
    finally:
        tracemalloc.stop()
