"""Attentions of the imaginary company Acme."""

from .talking_heads import TalkingHeads

__all__ = ["TalkingHeads"]
