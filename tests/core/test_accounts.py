import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.accounts import OUTSIDE, Account, LedgerError, Place, Transfer, draw, post
from kiosk.core.records import Sku

transfers = st.builds(
    Transfer,
    sku=st.sampled_from(Sku),
    lot=st.sampled_from(["BAST-1", "BAST-2"]),
    source=st.sampled_from(Account),
    target=st.sampled_from(Account),
    quantity=st.integers(-1, 50),
)


@given(st.lists(transfers, max_size=60))
def test_books_always_add_up(sequence: list[Transfer]) -> None:
    """Whatever is tried, every SKU sums to zero and only the world outside is negative."""
    held: dict[Place, int] = {}

    def balance_of(place: Place) -> int:
        return held.get(place, 0)

    for transfer in sequence:
        try:
            held.update(post(balance_of, [transfer]))
        except LedgerError:
            continue
    for sku in Sku:
        assert sum(quantity for place, quantity in held.items() if place.sku is sku) == 0
    assert all(quantity >= 0 for place, quantity in held.items() if place.account not in OUTSIDE)


def test_all_or_nothing() -> None:
    before = {Place(Sku.WNI, "L", Account.VAULT): 5}
    both = [
        Transfer(Sku.WNI, "L", Account.VAULT, Account.SHIFT, 5),
        Transfer(Sku.WNI, "L", Account.VAULT, Account.SHIFT, 1),
    ]
    with pytest.raises(LedgerError, match="vault holds 0 wni"):
        post(lambda place: before.get(place, 0), both)
    assert before == {Place(Sku.WNI, "L", Account.VAULT): 5}


@pytest.mark.parametrize("quantity", [0, -3])
def test_a_movement_is_at_least_one(quantity: int) -> None:
    with pytest.raises(LedgerError, match="at least 1"):
        post(lambda _: 9, [Transfer(Sku.WNI, "L", Account.VAULT, Account.SHIFT, quantity)])


def test_from_an_account_to_itself_is_refused() -> None:
    with pytest.raises(LedgerError, match="itself"):
        post(lambda _: 9, [Transfer(Sku.WNI, "L", Account.VAULT, Account.VAULT, 1)])


def test_skus_never_stand_in_for_each_other() -> None:
    held = {Place(Sku.WNI, "L", Account.HOPPER): 10}
    with pytest.raises(LedgerError):
        post(lambda p: held.get(p, 0), [Transfer(Sku.WNA, "L", Account.HOPPER, Account.IN_MACHINE)])


@given(st.dictionaries(st.text("AB1-", min_size=1), st.integers(0, 100)), st.integers(1, 300))
def test_draw_takes_exactly_or_says_how_many_are_missing(lots: dict[str, int], wanted: int) -> None:
    if sum(lots.values()) < wanted:
        with pytest.raises(LedgerError, match=f"{wanted - sum(lots.values())} blanks too few"):
            draw(lots, wanted)
    else:
        taken = draw(lots, wanted)
        assert sum(part for _, part in taken) == wanted
        assert all(0 < part <= lots[lot] for lot, part in taken)
        order = [lot for lot, _ in taken]
        assert order == [lot for lot in lots if lot in order]
        assert all(part == lots[lot] for lot, part in taken[:-1])
