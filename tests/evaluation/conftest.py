"""The photographs, where there are some."""

from tests.real.conftest import datasets

__all__ = ["datasets"]
