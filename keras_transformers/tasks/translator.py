"""Strings in, strings out: tokenizer, model and search as one TensorFlow module."""

import tensorflow as tf

from ..text.special import EOS, PAD

ROWS = 64  # sentences decoded together at most …
TOKENS = 4096  # … and their source tokens, padding included


class Translator(tf.Module):
    """Translates any number of sentences of any length, a bounded batch at a time.

    Args:
        model: An encoder-decoder, as `Transformer`.
        tokenizer: Turns strings into ids and back, in the graph.
        search: Finds the output, in the graph.
    """

    def __init__(self, model, tokenizer, search):
        super().__init__()
        self.model = model
        self.tokenizer = tokenizer
        self.search = search

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")])
    def __call__(self, text):
        """Return `{"text": string (N,), "score": float32 (N,)}` for `text`, string (N,).

        The score is the output's total log-probability. Sentences are taken longest first, so
        that those decoded together are of nearly equal length.
        """
        ids = self.tokenizer.tokenize(text)
        ends = tf.fill((ids.nrows(), 1), EOS)
        ids = tf.concat([ids, tf.RaggedTensor.from_tensor(ends)], axis=1)
        lengths = tf.cast(ids.row_lengths(), tf.int32)
        order = tf.argsort(lengths, direction="DESCENDING")
        count = tf.shape(order)[0]

        def unfinished(start, *_):
            return start < count

        def translate(start, outputs, scores):
            longest = lengths[order[start]]
            rows = tf.clip_by_value(TOKENS // longest, 1, ROWS)
            chosen = order[start : start + rows]
            found, score = self.search(self.model, tf.gather(ids, chosen).to_tensor(PAD))
            said = self.tokenizer.detokenize(_until_end(found))
            where = chosen[:, None]
            outputs = tf.tensor_scatter_nd_update(outputs, where, said)
            scores = tf.tensor_scatter_nd_update(scores, where, score)
            return start + rows, outputs, scores

        state = (tf.constant(0), tf.fill((count,), ""), tf.zeros((count,), tf.float32))
        # One at a time: batches decoded in parallel would all be in memory at once.
        _, outputs, scores = tf.while_loop(unfinished, translate, state, parallel_iterations=1)
        return {"text": outputs, "score": scores}


def _until_end(ids):
    """Return `ids` (B, L) as a ragged tensor, cut before the end token or padding."""
    running = tf.cumsum(tf.cast((ids == EOS) | (ids == PAD), tf.int32), axis=1) == 0
    return tf.ragged.boolean_mask(ids, running)
