"""Signing in: staff by password, firms by one-time code; and the large-type switch."""
