"""The checks that every component passes, built in or not: run them in the tests of a plugin.

from keras_transformers.testing import check_component

def test_talking_heads():
    check_component(TalkingHeads, "attention")
"""

from .check import check_component, checks_of

__all__ = ["check_component", "checks_of"]
