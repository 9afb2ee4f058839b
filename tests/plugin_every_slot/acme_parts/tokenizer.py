import tensorflow as tf

from keras_transformers.signature import register
from keras_transformers.text.special import SPECIAL
from keras_transformers.text.tokenizer import Tokenizer


@register("tokenizer", "bytes")
class Bytes(Tokenizer):
    """An id for each byte of UTF-8: no text is unknown, and there is nothing to learn."""

    gives = ()
    size = SPECIAL + 256

    def train(self, texts, folder):
        folder.mkdir(parents=True, exist_ok=True)

    def load(self, folder):
        pass

    def tokenize(self, texts):
        codes = tf.strings.bytes_split(texts)
        values = tf.cast(tf.io.decode_raw(codes.values, tf.uint8)[:, 0], tf.int32) + SPECIAL
        return codes.with_values(values)

    def detokenize(self, ids):
        ids = tf.ragged.boolean_mask(ids, ids >= SPECIAL)
        letters = tf.gather(tf.constant([bytes([code]) for code in range(256)]), ids.values - SPECIAL)
        return tf.strings.reduce_join(ids.with_values(letters), axis=-1)
