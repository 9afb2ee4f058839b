"""Models assembled from layers."""

from .backbone import Backbone
from .bert import Bert
from .decodable import Decodable
from .transformer import Transformer

__all__ = ["Backbone", "Bert", "Decodable", "Transformer"]
