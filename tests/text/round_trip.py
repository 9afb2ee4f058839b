"""A SavedModel that tokenizes and detokenizes, to see what survives saving."""

import tensorflow as tf


class RoundTrip(tf.Module):
    """Text to ids and back: `text` string (N,) in, `text` string (N,) and `count` int32 (N,) out."""

    def __init__(self, tokenizer):
        super().__init__()
        self.tokenizer = tokenizer

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def __call__(self, text):
        ids = self.tokenizer.tokenize(text)
        count = tf.cast(ids.row_lengths(), tf.int32)
        # Ids pass through a padded tensor, as they do in a model.
        padded = tf.concat([tf.fill([tf.shape(text)[0], 1], 2), ids.to_tensor()], axis=1)
        return {"text": self.tokenizer.detokenize(tf.RaggedTensor.from_tensor(padded)), "count": count}


def save(tokenizer, folder):
    module = RoundTrip(tokenizer)
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.__call__})
    return module
