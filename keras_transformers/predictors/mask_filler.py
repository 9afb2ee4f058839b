"""Fills in `[MASK]` tokens.

N texts, M most masks in one of them, K pieces proposed for each, B masks answered together, T length.
"""

from typing import Any

import tensorflow as tf

from ..annotations import Tensor
from ..text.packing import pack
from .batched import in_batches
from .predictor import Predictor

MASK = "[MASK]"


class FillMask(Predictor):
    """Proposes pieces for each `[MASK]` of any number of texts, a bounded batch at a time.

    A text is read once for each of its masks, so that memory does not grow with their number.

    Args:
        model: A `MaskedLM`.
        tokenizer: `WordPiece`.
        length: Longest sequence in tokens; a longer text is cut at its end.
        top: How many pieces are proposed.
    """

    def __init__(self, model: Any, tokenizer: Any, length: int, top: int) -> None:
        super().__init__(model, tokenizer)
        self.length = length
        self.top = min(top, tokenizer.size)
        self.pieces = tf.constant([piece.removeprefix("##") for piece in tokenizer.vocabulary])

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")])
    def __call__(self, text: Tensor) -> dict[str, Tensor]:
        """Return what may stand for each mask of `text`, string (N,).

        Returns:
            `text`, string (N,): each mask replaced by the likeliest piece; `tokens`, string (N, M, K): the
            likeliest pieces, the likeliest first, "" where a text has fewer masks; `scores`,
            float32 (N, M, K): their probabilities; `truncated`, bool (N,): the text was cut. A mask
            beyond the cut stays.
        """
        whole = self.tokenizer.tokenize(text)
        ids, segments = pack(self.tokenizer, whole, max_length=self.length)
        places = tf.ragged.boolean_mask(_columns(ids), ids == self.tokenizer.mask)
        found = self._propose(ids, segments, places)
        shape = (None, None, self.top)
        tokens = places.with_values(tf.gather(self.pieces, found["ids"])).to_tensor("", shape=shape)
        scores = places.with_values(found["scores"]).to_tensor(0.0, shape=shape)
        return {
            "text": _filled(text, tokens, places.row_lengths()),
            "tokens": tokens,
            "scores": scores,
            "truncated": whole.row_lengths() + 2 > self.length,
        }

    def _propose(self, ids: Tensor, segments: Tensor, places: Tensor) -> Any:
        """Return `ids` and `scores` (number of masks, K) of what may stand at each of `places`."""
        text = places.value_rowids()
        inputs = {"tokens": tf.gather(ids, text), "segments": tf.gather(segments, text)}
        here = tf.equal(_columns(inputs["tokens"]).values, tf.repeat(places.values, inputs["tokens"].row_lengths()))
        inputs["here"] = inputs["tokens"].with_values(tf.cast(here, tf.int32))
        shape = (None, self.top)
        outputs = {"ids": tf.TensorSpec(shape, tf.int32), "scores": tf.TensorSpec(shape, tf.float32)}
        return in_batches(self._answered, inputs, outputs)

    def _answered(self, inputs: dict[str, Tensor]) -> Any:
        positions = tf.argmax(inputs.pop("here"), axis=1, output_type=tf.int32)[:, None]
        logits = self.model({**inputs, "positions": positions}, training=False)["masked"]
        # A row of a padded embedding that has no piece is no answer.
        scores, ids = tf.math.top_k(tf.nn.softmax(logits[:, 0])[:, : self.tokenizer.size], self.top)
        return {"ids": ids, "scores": scores}


def _columns(ids: Tensor) -> Any:
    """Return the column of each element of a ragged tensor, int32, in its shape."""
    return ids.with_values(tf.ragged.range(tf.cast(ids.row_lengths(), tf.int32)).values)


def _filled(text: Tensor, tokens: Tensor, masks: Tensor) -> Any:
    """Return `text` with its first `masks` masks replaced by the first of `tokens` (N, M, K)."""
    parts = tf.strings.split(text, MASK)  # one more than there are masks
    best = tf.RaggedTensor.from_tensor(tokens[:, :, 0], masks)
    gaps = parts.row_lengths() - masks  # the masks that stay, and the end
    left = tf.RaggedTensor.from_row_lengths(tf.fill([tf.reduce_sum(gaps)], MASK), gaps)
    last = tf.gather(parts.row_lengths(), parts.value_rowids()) - 1
    at_end = tf.equal(tf.cast(_columns(parts).values, tf.int64), last)
    between = tf.where(at_end, "", tf.concat([best, left], axis=1).values)
    return tf.strings.reduce_join(parts.with_values(parts.values + between), axis=1)
