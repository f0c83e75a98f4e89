"""Models in 8-bit integers, made on the user's machine from the weights that are there."""
