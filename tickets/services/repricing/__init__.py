"""A new promise table or calendar for running promises: foreseen, then worked off, by the same arithmetic."""
