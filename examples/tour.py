"""A tour of the library, in Python; each step has its verb on the command line.

python examples/tour.py [FOLDER]      # writes runs there; by default a temporary folder
"""

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
from talking_heads import TalkingHeads  # importing it registers it: see talking_heads.py

import keras_transformers as kt

HEADS = {"model.encoder.block.attention": {"type": "talking_heads", "heads": 2}}
PAD, START = 0, 2


def look_around():
    """list, show, validate."""
    for slot in kt.slots():
        print(f"{slot:16}", *kt.names(slot))
    attention = kt.describe("attention", "multi_head")
    print(attention.summary, attention.reference, *attention.parameters, sep="\n    ")
    try:
        kt.load_recipe("transformer_tiny", {"model.dimm": 7, "training.epochs": 0})
    except kt.errors.RecipeError as error:
        print(f"What is wrong with a recipe, all at once:\n{error}")


def reversals(count, length, vocabulary, seed):
    """Return inputs and expected outputs of a toy translation: the same ids, backwards."""
    source = np.random.default_rng(seed).integers(4, vocabulary, (count, length), dtype="int32")
    answer = source[:, ::-1]
    target = np.concatenate([np.full((count, 1), START, "int32"), answer[:, :-1]], axis=1)
    return {"source": source, "target": target}, answer


def fit_with_plain_keras(folder):
    """Build a model with a layer of one's own; fit, save and reload it as any Keras model."""
    model = kt.build("transformer_tiny", {**HEADS, "model.vocab_size": 23})
    assert any(isinstance(layer, TalkingHeads) for layer in model._flatten_layers())
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss, metrics=["accuracy"])
    inputs, answers = reversals(512, 7, 23, seed=0)
    history = model.fit(inputs, answers, batch_size=64, epochs=3, verbose=2).history["loss"]
    assert history[-1] < history[0]

    file = folder / "reversals.keras"
    model.save(file)
    again = keras.models.load_model(file)
    inputs, _ = reversals(5, 7, 23, seed=1)
    np.testing.assert_allclose(model.predict(inputs, verbose=0), again.predict(inputs, verbose=0), atol=1e-5)
    print(f"Saved and reloaded: {file}")


def train_export_predict(folder):
    """train, evaluate, export, predict: the dates, but so few that it takes moments and learns little."""
    little = {"data.train.size": 512, "data.valid.size": 64, "data.test.size": 64}
    little |= {"training.epochs": 1, "training.average_last": 1}
    heads = {"model.encoder.block.attention": {"type": "talking_heads", "heads": 4}}
    run = folder / "run"
    kt.train("dates", run=run, overrides={**little, **heads})
    print(kt.evaluate(run))
    kt.export(run, folder / "exported")
    for answer in kt.predict(folder / "exported", ["14 July 1789", "3 de mayo de 2021"]):
        print(f"{answer['text']}  {answer['score']:.2f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else scratch)
        folder.mkdir(parents=True, exist_ok=True)
        look_around()
        fit_with_plain_keras(folder)
        train_export_predict(folder)
