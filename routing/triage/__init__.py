"""What a text is about, as far as characters tell: similarity scores. Pure."""
