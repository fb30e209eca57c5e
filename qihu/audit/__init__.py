"""WHO CHANGED, READ, EXPORTED, REVEALED WHAT outside requests: append-only, sealed like the log of requests."""
