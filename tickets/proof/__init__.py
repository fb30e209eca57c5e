"""Is the log what it was? Walks the seals, every request's chain and the audit trail, and names what does not fit."""
