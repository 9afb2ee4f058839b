import keras
import pytest

import keras_transformers as kt
from keras_transformers.errors import RecipeError


def test_gpt2_small_has_the_parameters_of_gpt2():
    """124,439,808: as many as the checkpoint `gpt2` of Hugging Face has."""
    with keras.StatelessScope():
        assert kt.build("gpt2_small").count_params() == 124_439_808


@pytest.mark.parametrize(
    ("cross_attention", "found"),
    [("like_attention", '"like_attention"'), ({"type": "multi_head", "heads": 2}, "`attention/multi_head`")],
)
def test_a_block_with_cross_attention_is_refused(cross_attention, found):
    with pytest.raises(RecipeError) as raised:
        kt.load_recipe("gpt2_small", {"model.decoder.block.cross_attention": cross_attention})
    sentence = f"`cross_attention` must be null for `model/language_model`, but is {found}."
    assert [problem.message for problem in raised.value.problems] == [sentence]
