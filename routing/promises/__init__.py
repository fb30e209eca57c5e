"""Promises: how soon a request must move, in working time (domain.md §4)."""
