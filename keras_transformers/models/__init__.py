"""Models assembled from layers."""

from .backbone import Backbone
from .bert import Bert
from .decodable import Decodable
from .language_model import LanguageModel
from .rnn import RecurrentEncoderDecoder
from .transformer import Transformer

__all__ = ["Backbone", "Bert", "Decodable", "LanguageModel", "RecurrentEncoderDecoder", "Transformer"]
