"""Bulletins (通报): made, kept, rendered, and sent on a schedule to those who may read them."""
