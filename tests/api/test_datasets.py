import keras
import numpy as np
import pytest

import keras_transformers as kt
from keras_transformers.errors import RecipeError


@pytest.fixture(scope="module")
def data(tiny):
    return kt.datasets("dates", tiny)


def rows(dataset):
    """Return all sources as rows of ids, without padding."""
    return [tuple(ids[ids > 0]) for inputs, _ in dataset.as_numpy_iterator() for ids in inputs["source"]]


def test_a_pass_holds_each_example_once_in_another_order(data):
    one, two = rows(data.train), rows(data.train)
    assert len(one) == len(two) == 300
    assert sorted(one) == sorted(two)
    assert one != two
    assert len(rows(data.valid)) == 23
    assert rows(data.valid) == rows(data.valid)


def test_the_batches_are_those_of_the_task(data):
    inputs, labels = next(iter(data.train))
    np.testing.assert_array_equal(inputs["target"][:, 1:], np.where(labels[:, 1:] > 0, labels[:, :-1], 0))
    texts = data.tokenizer.detokenize(data.tokenizer.tokenize(["3 May 2021"])).numpy()
    assert texts.tolist() == [b"3 May 2021"]


def test_the_recipes_own_model_fits_with_plain_keras(data):
    assert data.recipe.tree["model"]["vocab_size"] == data.tokenizer.size
    model = kt.build(data.recipe)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    model.compile(keras.optimizers.Adam(0.01), loss)
    history = model.fit(data.train, validation_data=data.valid, epochs=2, shuffle=False, verbose=0).history
    assert history["loss"][1] < history["loss"][0]
    assert np.isfinite(history["val_loss"]).all()


def test_what_the_text_tells_is_in_the_recipe(tmp_path):
    (tmp_path / "train.tsv").write_text("label\ttext\n" + "no\ta bad film\nyes\ta good film\n" * 5)
    small = {"data.train": {"type": "table", "path": "train.tsv"}, "data.root": str(tmp_path), "data.valid": None,
             "data.test": None, "tokenizer.vocab_size": 31}  # fmt: skip
    data = kt.datasets("trec", small)
    assert data.recipe.tree["task"]["labels"] == ["no", "yes"]
    assert data.recipe.tree["training"]["precision"] == "auto"
    assert data.valid is None
    ((inputs, labels),) = data.train.as_numpy_iterator()
    assert (set(inputs), inputs["tokens"].shape[0]) == ({"tokens", "segments"}, 10)
    assert sorted(labels["label"]) == [0] * 5 + [1] * 5


def test_a_recipe_that_only_builds_has_no_data():
    with pytest.raises(RecipeError, match=r"^`recipe` cannot be trained: it has no section `data`\.$"):
        kt.datasets({"extends": "transformer_tiny", "data": None, "task": None})
