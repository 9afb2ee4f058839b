import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_transformers.losses.cross_entropy import TokenCrossEntropy
from keras_transformers.training.trainer import TokenModel

V = 7
SOURCE = np.array([[4, 5, 6], [4, 0, 0]], "int32")
LABELS = np.array([[5, 6], [3, 0]], "int32")


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    logits = keras.layers.Dense(V)(keras.layers.Embedding(V, 5)(target))
    model = TokenModel(inputs={"source": source, "target": target}, outputs=logits)
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss=TokenCrossEntropy())
    return model


def dataset(*batches):
    parts = [({"source": source, "target": labels}, labels) for source, labels in batches]
    ids = tf.TensorSpec((None, None), tf.int32)
    signature = ({"source": ids, "target": ids}, ids)
    made = tf.data.Dataset.from_generator(lambda: iter(parts), output_signature=signature)
    return made.apply(tf.data.experimental.assert_cardinality(len(parts)))


def test_the_loss_is_the_mean_over_real_tokens(model):
    logits = model({"source": SOURCE, "target": LABELS}).numpy()
    wanted = keras.ops.sparse_categorical_crossentropy(LABELS, logits, from_logits=True).numpy()
    logs = model.evaluate(dataset((SOURCE, LABELS)), verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(wanted[LABELS > 0].mean(), rel=1e-5)
    assert logs["tokens"] == 4 + 3


def test_batches_weigh_by_their_tokens(model):
    one, two = (SOURCE[:1], LABELS[:1]), (SOURCE[1:], LABELS[1:])
    whole = model.evaluate(dataset((SOURCE, LABELS)), verbose=0, return_dict=True)
    parts = model.evaluate(dataset(one, two), verbose=0, return_dict=True)
    assert parts["loss"] == pytest.approx(whole["loss"], rel=1e-5)
    assert parts["tokens"] == whole["tokens"]


def test_a_step_follows_the_gradient(model):
    before = model.evaluate(dataset((SOURCE, LABELS)), verbose=0, return_dict=True)
    logs = model.fit(dataset(*[(SOURCE, LABELS)] * 5), verbose=0, shuffle=False).history
    after = model.evaluate(dataset((SOURCE, LABELS)), verbose=0, return_dict=True)
    assert after["loss"] < before["loss"] - 0.01
    assert logs["tokens"] == [5 * 7]


def test_it_is_not_compiled_by_xla(model):
    assert model.jit_compile is False
