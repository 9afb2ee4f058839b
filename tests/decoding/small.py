"""A small model with random weights to search in, and how its answers are found without any search of ours."""

import functools

import keras
import numpy as np
import tensorflow as tf

from keras_transformers.api.build import build
from keras_transformers.text.special import BOS, EOS, PAD

V = 23
SOURCE = np.array([[5, 9, 4, 11, 3], [7, 3, 0, 0, 0], [3, 0, 0, 0, 0]], "int32")


def transformer(vocab_size=V, noise=0.3, seed=3, **changes):
    """Return a small Transformer whose answers are no constants."""
    small = {"model.dim": 16, "model.vocab_size": vocab_size, "model.encoder.layers": 1, "model.decoder.layers": 1}
    return _with_noise(build("transformer_tiny", {**small, **changes}), noise, seed)


def rnn(vocab_size=V, noise=0.3, seed=3):
    """Return the same of recurrent layers, with attention."""
    small = {"model.dim": 16, "model.vocab_size": vocab_size, "model.decoder.attention": "general"}
    return _with_noise(build("dates_rnn", {**small, "model.decoder.layers": 2, "model.encoder.layers": 2}), noise, seed)


def _with_noise(model, noise, seed):
    keras.utils.set_random_seed(seed)
    for variable in model.trainable_variables:
        variable.assign(variable + noise * keras.random.normal(variable.shape))
    return model


@functools.cache
def whole_pass(model):
    """Return the call of a model on whole inputs, as a graph for any shapes."""
    ids = tf.TensorSpec((None, None), tf.int32)
    return tf.function(lambda source, target: model({"source": source, "target": target}), input_signature=[ids, ids])


class Reference:
    """Log-probabilities of what follows, by the whole pass, among the tokens that answers are made of."""

    def __init__(self, model, source, width):
        self.call, self.source, self.width, self.known = whole_pass(model), source, width, {}

    def __call__(self, said):
        """Return (V,) for one beginning `said`, a tuple of ids."""
        return self.of_all([said])[0]

    def of_all(self, beginnings):
        """Return (N, V), float64, for several beginnings of one length."""
        unknown = sorted({said for said in beginnings if said not in self.known})
        for start in range(0, len(unknown), 512):
            part = unknown[start : start + 512]
            target = np.array([[BOS, *said] + [0] * (self.width - len(said)) for said in part], "int32")
            source = np.repeat(self.source[None], len(part), axis=0)
            logits = np.asarray(self.call(source, target), "float64")[:, len(part[0])]
            logits[:, [PAD, BOS]] = -np.inf
            normalizer = np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1, keepdims=True))
            for said, row in zip(part, logits - logits.max(1, keepdims=True) - normalizer):
                self.known[said] = row
        return np.array([self.known[said] for said in beginnings])


def beam_search(reference, beams, limit, alpha, n_best=1, least=0, early=False):
    """Return the n-best list [(ids, score)] of a plain beam search, best first.

    Written from the definition: of all ways to go on from all beams the 2K best; those that end are answers, the K best
    of the others are the new beams; it goes on to the limit, however good what is found, or if `early` until K answers
    have ended among the K best ways.
    """

    def penalty(length):
        return ((5 + length) / 6) ** alpha

    live, found, met = [((), 0.0)], [], 0
    for step in range(limit):
        ways = []
        gains = reference.of_all([said for said, _ in live])
        for (said, total), gain in zip(live, gains):
            for token, value in enumerate(gain):
                if np.isfinite(value) and not (token == EOS and step < least):
                    ways.append((total + value, said + (token,)))
        ways.sort(key=lambda way: -way[0])
        ways = ways[: 2 * beams]
        ended = [way for way in ways if way[1][-1] == EOS or step + 1 == limit]
        found += [(said, total, total / penalty(len(said))) for total, said in ended]
        live = [(said, total) for total, said in ways if (total, said) not in ended][:beams]
        met += sum(way in ended for way in ways[:beams])
        if not live or (early and met >= beams):
            break
    found.sort(key=lambda answer: -answer[2])
    return [(list(said), total) for said, total, _ in found[:n_best]]
