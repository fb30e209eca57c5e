"""The JSON API: one small door per verb."""
