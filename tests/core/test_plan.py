import pytest

from kiosk.core.plan import INLINE, PlanError, Step, check_plan, following


def test_the_default_plan_encodes_before_it_prints() -> None:
    assert check_plan(list(INLINE)) == INLINE
    assert INLINE.index(Step.VERIFY) < INLINE.index(Step.PRINT)


def test_print_may_come_first() -> None:
    assert check_plan(["feed", "print", "identify", "encode", "verify", "eject"])[1] is Step.PRINT


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["feed", "identify", "encode", "verify", "eject"], "exactly once"),
        (["feed", "identify", "encode", "verify", "print", "print", "eject"], "exactly once"),
        (["identify", "feed", "encode", "verify", "print", "eject"], "feed comes first"),
        (["feed", "encode", "identify", "verify", "print", "eject"], "identify before encode"),
        (["feed", "identify", "verify", "encode", "print", "eject"], "identify before encode"),
        (["feed", "identify", "encode", "verify", "eject", "print"], "eject last"),
        (["feed", "laminate"], "laminate"),
    ],
)
def test_what_can_not_be_carried_out_is_named(names: list[str], why: str) -> None:
    with pytest.raises(PlanError, match=why):
        check_plan(names)


def test_following() -> None:
    assert following(INLINE, Step.FEED) is Step.IDENTIFY
    assert following(INLINE, Step.EJECT) is None
