"""Tags the words of sentences.

N texts, P pieces of all texts, W windows over them, L their greatest length, B windows read together,
T their length, C labels.
"""

from typing import Any

import tensorflow as tf

from ..annotations import Tensor
from ..data.batches.encode_tags import tag_windows
from ..text.packing import pack
from ..text.windows import Windows
from .batched import in_batches
from .predictor import Predictor


class Tagger(Predictor):
    """Tags the words of any number of texts of any length.

    Args:
        model: From `tokens` and `segments` to logits of labels (B, T, C).
        tokenizer: A `WordPiece`.
        labels: The tags, by number.
        length: Most tokens that the model reads together, L; longer texts are read in windows.
    """

    def __init__(self, model: Any, tokenizer: Any, labels: list[str], length: int) -> None:
        super().__init__(model, tokenizer)
        self.labels = tf.constant(labels)
        self.length = length

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")])
    def __call__(self, text: Tensor) -> dict[str, Tensor]:
        """Tag the words of `text`, string (N,), which spaces separate.

        Returns:
            `tags`, string (N,): a tag for each word, separated by spaces; `scores`, float32
            (N, words): their probabilities, 0 where a text has fewer words.
        """
        words = tf.strings.split(text, " ")
        words = tf.ragged.boolean_mask(words, words != "")
        pieces, first, windows = tag_windows(self.tokenizer, words, self.length)
        label, score = self._read(pieces, windows)
        tags = first.with_values(tf.gather(self.labels, tf.gather(label, first.values)))
        scores = first.with_values(tf.gather(score, first.values))
        return {"tags": tf.strings.reduce_join(tags, axis=1, separator=" "), "scores": scores.to_tensor(0.0)}

    def _read(self, pieces: tf.RaggedTensor, windows: Windows) -> list[Tensor]:
        """Return the likeliest label of each piece, int32 (P,), and its probability, float32 (P,)."""
        tokens, segments = pack(self.tokenizer, windows.of(pieces), max_length=self.length)
        specs = {name: tf.TensorSpec((None, self.length), kind) for name, kind in OUTPUTS.items()}
        found = in_batches(self._label, {"tokens": tokens, "segments": segments}, specs)
        # A window's pieces come after its [CLS]; those that windows own are, one window after another, all pieces.
        own = tf.pad(windows.own().to_tensor(0, shape=(None, self.length - 1)), [[0, 0], [1, 0]]) == 1
        return [tf.boolean_mask(found[name], own) for name in OUTPUTS]

    def _label(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        probability = tf.nn.softmax(self.model(inputs, training=False))  # (B, T, C)
        found = {"label": tf.argmax(probability, -1, tf.int32), "score": tf.reduce_max(probability, -1)}
        rest = self.length - tf.shape(probability)[1]
        return {name: tf.pad(values, [[0, 0], [0, rest]]) for name, values in found.items()}


OUTPUTS = {"label": tf.int32, "score": tf.float32}
