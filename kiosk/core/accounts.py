"""Double entry for blanks: a movement takes a quantity out of one account and puts it into another.

Debits equal credits by construction, so the sum over all accounts of a SKU is always zero. Only the accounts
that stand for the world outside may go negative. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from kiosk.core.records import Sku


class LedgerError(ValueError):
    """The movement is not possible; the message says which account lacks what."""


class Account(StrEnum):
    SUPPLIER = "supplier"
    VAULT = "vault"
    SHIFT = "shift"
    HOPPER = "hopper"
    BENCH = "bench"
    IN_MACHINE = "in-machine"
    PRINTED = "printed"
    ISSUED = "issued"
    SPOILED = "spoiled"
    FACTORY_DEFECT = "factory-defect"
    DESTROYED = "destroyed"
    MOBILE_UNIT = "mobile-unit"
    OTHER_OFFICE = "other-office"
    RETURNED = "returned"
    COUNT_ADJUSTMENT = "count-adjustment"


OUTSIDE = frozenset({Account.SUPPLIER, Account.OTHER_OFFICE, Account.COUNT_ADJUSTMENT})
SAID_AS_ZERO = (Account.VAULT, Account.HOPPER, Account.PRINTED, Account.ISSUED, Account.SPOILED)
"""Terms of the equation that are there even where nothing is."""


class Transfer(NamedTuple):
    """`quantity` blanks of one SKU and lot from `source` to `target`."""

    sku: Sku
    lot: str
    source: Account
    target: Account
    quantity: int = 1

    def to_json(self) -> list[str | int]:
        return [str(self.sku), self.lot, str(self.source), str(self.target), self.quantity]

    @property
    def reversed(self) -> Transfer:
        return Transfer(self.sku, self.lot, self.target, self.source, self.quantity)

    @classmethod
    def from_json(cls, value: list[str | int]) -> Transfer:
        sku, lot, source, target, quantity = value
        return cls(Sku(str(sku)), str(lot), Account(str(source)), Account(str(target)), int(quantity))


class Place(NamedTuple):
    """Where a quantity lies."""

    sku: Sku
    lot: str
    account: Account

    @property
    def key(self) -> str:
        return f"{self.sku}/{self.account}/{self.lot}"


def post(balance_of: Callable[[Place], int], transfers: Iterable[Transfer]) -> dict[Place, int]:
    """New balances of the touched places after all transfers, in order. LedgerError if one is impossible."""
    changed: dict[Place, int] = {}

    def add(place: Place, quantity: int) -> None:
        after = changed.get(place, balance_of(place)) + quantity
        if after < 0 and place.account not in OUTSIDE:
            raise LedgerError(f"{place.account} holds {after - quantity} {place.sku} of lot {place.lot}")
        changed[place] = after

    for transfer in transfers:
        if transfer.quantity <= 0:
            raise LedgerError(f"quantity {transfer.quantity}: a movement is at least 1")
        if transfer.source is transfer.target:
            raise LedgerError(f"from {transfer.source} to itself")
        add(Place(transfer.sku, transfer.lot, transfer.source), -transfer.quantity)
        add(Place(transfer.sku, transfer.lot, transfer.target), transfer.quantity)
    return changed


def draw(lots: Mapping[str, int], quantity: int) -> list[tuple[str, int]]:
    """Take `quantity` from lots (lot -> balance) in their order, oldest first. LedgerError if too few."""
    taken = []
    for lot, held in lots.items():
        part = min(held, quantity)
        if part > 0:
            taken.append((lot, part))
            quantity -= part
    if quantity:
        raise LedgerError(f"{quantity} blanks too few")
    return taken


def equation(balances: Mapping[str, int]) -> tuple[int, dict[Account, int]]:
    """How many blanks the supplier ever brought, and where each is: the terms add up to it, whatever was booked."""
    terms: dict[Account, int] = {
        account: balances.get(account, 0)
        for account in Account
        if account is not Account.SUPPLIER and (balances.get(account) or account in SAID_AS_ZERO)
    }
    return -balances.get(Account.SUPPLIER, 0), terms
