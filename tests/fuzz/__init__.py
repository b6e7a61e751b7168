"""What comes from outside, made wrong by a seeded generator: one module for each input, `python -m tests.fuzz`."""
