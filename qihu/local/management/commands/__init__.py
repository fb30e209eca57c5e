"""Commands `up` and `prepare`."""
