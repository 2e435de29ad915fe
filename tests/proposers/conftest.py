"""The command line as a fixture, as the tests of the interfaces have it."""

from tests.interfaces.conftest import run

__all__ = ["run"]
