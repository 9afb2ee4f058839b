"""Translates strings: tokenizer, model and search as one TensorFlow module."""

import tensorflow as tf

from ..annotations import Tensor
from ..text.special import EOS
from .generator import Generator, refused, started
from .scorer import PairScorer


class Translator(Generator):
    """Translates any number of sentences of any length, a bounded batch at a time.

    Args:
        model: An encoder-decoder, as `Transformer`.
        tokenizer: Turns strings into ids and back, in the graph.
        search: Finds the output, in the graph.
    """

    def ids(self, text: Tensor) -> tf.RaggedTensor:
        ids = self.tokenizer.source.tokenize(text)
        sentence = f"A text is longer than the {self.longest - 1} tokens that the model can read."
        return refused(ids, tf.reduce_any(ids.row_lengths() >= self.longest), sentence)

    def scorer(self) -> PairScorer:
        """Return what scores given translations."""
        return PairScorer(self.model, self.tokenizer)

    def given(self, ids: tf.RaggedTensor, prefix: tf.RaggedTensor | None) -> dict[str, tf.RaggedTensor]:
        ends = tf.fill((ids.nrows(), 1), EOS)
        source = tf.concat([ids, tf.RaggedTensor.from_tensor(ends)], axis=1)
        if prefix is None:
            return {"source": source}
        room = self.search.limit(tf.cast(source.row_lengths(), tf.int32))
        sentence = "A prefix is longer than the answer may be: raise `max_extra` or `max_length` of the search."
        prefix = refused(prefix, tf.reduce_any(tf.cast(prefix.row_lengths(), tf.int32) >= room), sentence)
        return {"source": source, "target": started(self.model.start, prefix)}
