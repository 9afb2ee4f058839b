"""`kt.datasets`: a recipe's text as `tf.data` batches, for your own `keras.Model`."""

import itertools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import tensorflow as tf

from ..data.batches.shares import Shares
from ..recipe import load
from ..recipe.overrides import Overrides
from ..recipe.recipe import AnyRecipe, Recipe
from ..runs.notes import tell
from ..text.tokenizer import Tokenizer
from ..training.encoding import encode, new_tokenizer
from ..training.examples import read, settle


@dataclass(frozen=True)
class Datasets:
    """A recipe's text in batches, and what made them.

    A batch is `(inputs, labels)`, as the recipe's task trains on it: arrays, or dicts of arrays by name, padded to the
    longest in the batch. The inputs' padding is 0. Of labels for each position, the padding is 0 (translation) or -1.

    Args:
        recipe: The recipe, in which all is settled: `kt.build(datasets.recipe)` is the model that it describes.
        tokenizer: What made the ids: its `size`, `tokenize`, `detokenize`.
        train: The batches of the training text, in another order in each pass.
        valid: Those of the validation text, in the same order in each; None: there is none.
    """

    recipe: Recipe
    tokenizer: Tokenizer = field(repr=False)
    train: tf.data.Dataset = field(repr=False)
    valid: tf.data.Dataset | None = field(repr=False)


def datasets(recipe: AnyRecipe, overrides: Overrides = ()) -> Datasets:
    """Return the tokenizer and the batches that `kt.train` would train on, as `Datasets`.

    They are made for `fit` of any Keras model. In the scope of a `tf.distribute` strategy, batches are such that its
    replicas share them evenly. What was dropped in reading is told on standard error.

    Args:
        recipe: Name of a shipped recipe, path of a YAML file, dict, or a `Recipe`.
        overrides: `["data.batch_tokens=512"]` or `{"data.batch_tokens": 512}`, applied last.

    Raises:
        RecipeError: The recipe has problems, all of which are listed.
        DataError: The text cannot be read.
    """
    examples = settle(read(load(recipe, overrides)))
    with tempfile.TemporaryDirectory(prefix="keras_transformers_") as folder:
        encoded = encode(examples, new_tokenizer(examples, Path(folder) / "tokenizer"))
    tell(encoded.notes)
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    train, valid = encoded.train, encoded.valid
    if replicas > 1:
        train, valid = Shares(train, replicas), None if valid is None else Shares(valid, replicas)
    passes = itertools.count()
    return Datasets(
        recipe=encoded.recipe,
        tokenizer=encoded.tokenizer,
        train=train.dataset(lambda: next(passes)),
        valid=None if valid is None else valid.dataset(),
    )
