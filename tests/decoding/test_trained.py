"""A trained run's n-best lists against the plain search in NumPy, which knows no cache."""

import numpy as np
import pytest
from small import Reference, beam_search

from keras_transformers.data.sources.dates import Dates
from keras_transformers.decoding import Beam
from keras_transformers.text.special import EOS

COUNT, BEAMS, LIMIT = 200, 4, 13


@pytest.mark.long
def test_n_best_lists_of_a_trained_run(trained):
    model, tokenizer = trained.model(), trained.tokenizer()
    texts = list(Dates("test", COUNT).read().sources)
    sources = [[*ids, EOS] for ids in tokenizer.encode(texts).to_list()]
    width = max(map(len, sources))
    padded = np.array([[*ids, *[0] * (width - len(ids))] for ids in sources], "int32")
    search = Beam(beams=BEAMS, n_best=BEAMS, max_length=LIMIT, max_ratio=99.0)
    found = search(model, padded)
    assert len(texts) == COUNT
    for row, source in enumerate(sources):
        wanted = beam_search(Reference(model, np.array(source, "int32"), LIMIT), BEAMS, LIMIT, 0.6, n_best=BEAMS)
        ids = [[token for token in answer if token] for answer in found.ids[row].numpy().tolist()]
        scores = found.scores[row].numpy()
        assert scores == pytest.approx([score for _, score in wanted], abs=2e-4)
        apart = np.diff(sorted(score / ((5 + len(said)) / 6) ** 0.6 for said, score in wanted)).min() > 1e-4
        if apart:  # else two answers are as good as each other, and either may come first
            assert ids == [said for said, _ in wanted]
