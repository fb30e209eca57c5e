"""A door: staff sign-in and the large-type switch."""
