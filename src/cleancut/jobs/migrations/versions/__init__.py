"""One file a change, each going on from the one before."""
