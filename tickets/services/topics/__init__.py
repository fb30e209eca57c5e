"""举一反三: requests alike are found and gathered; one department answers once for all of them."""
