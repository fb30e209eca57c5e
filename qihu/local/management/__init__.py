"""Management package of the local app."""
