"""Measurements, and what the documentation makes of them."""
