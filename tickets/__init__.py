"""The request and its life."""
