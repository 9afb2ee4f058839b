"""Tokenizers (slot `tokenizer`): text to ids and back, inside the TensorFlow graph."""

from .characters import Characters
from .sentencepiece import SentencePiece
from .sides import Sides
from .tokenizer import Tokenizer
from .wordpiece import WordPiece

__all__ = ["Characters", "SentencePiece", "Sides", "Tokenizer", "WordPiece"]
