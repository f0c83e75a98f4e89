"""Numeric functions on arrays, one method a file."""
