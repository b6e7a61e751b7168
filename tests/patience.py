"""How patient a test is with the machine that it runs on."""

from __future__ import annotations

BUSY_S = 20.0
"""What other work on the machine may add to anything that ends by itself, in seconds. What hangs takes longer."""
