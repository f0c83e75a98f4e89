"""Many pictures: which file goes where, and working through them."""
