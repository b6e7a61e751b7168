"""The office's papers: folded from the journal alone, so that each can be checked against it, and rendered."""
