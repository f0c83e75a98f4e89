"""One file = one step = one function: from bytes to a matte, and from a matte to a picture."""
