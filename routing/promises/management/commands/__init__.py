"""Management commands of the promise engine."""
