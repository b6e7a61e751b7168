"""The world console: what is really there, and buttons for what can befall it. Loopback only; for training."""
