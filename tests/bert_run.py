"""A tiny BERT with random weights as a finished run, for tests of what reads one."""

import keras_transformers as kt
from keras_transformers.runs.run import Run

SENTENCES = [
    "The animal didn't cross the street because it was too tired.",
    "I made a bank deposit.",
    "We had a picnic on the river bank.",
    "naïve café — déjà vu!",
] * 5
SIZES = {
    "model.dim": 26,
    "model.encoder.layers": 3,
    "model.encoder.block.attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 29,
    "model.position.max_length": 43,
    "tokenizer.vocab_size": 97,
}


def write_bert_run(path, overrides=()):
    """Write the run of recipe `bert_tiny`, made smaller still, and return it."""
    run = Run(path)
    run.path.mkdir()
    recipe = kt.load_recipe("bert_tiny", {**SIZES, **dict(overrides)})
    run.write_recipe(recipe)
    tokenizer = kt.resolve("tokenizer", "wordpiece")(SIZES["tokenizer.vocab_size"])
    tokenizer.train(SENTENCES, run.tokenizer_folder)
    run.write_recipe(recipe.with_overrides({"model.vocab_size": tokenizer.size}))
    kt.build(run.recipe).save(run.model_file)
    return run
