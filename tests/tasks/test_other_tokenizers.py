"""What reads text as BERT does refuses a tokenizer without BERT's special pieces."""

import pytest

from keras_transformers.data import Documents, Labelled, Questions, Tagged
from keras_transformers.errors import RecipeError, RunError
from keras_transformers.tasks.classification import Classification
from keras_transformers.tasks.masked_lm import MaskedLanguageModel
from keras_transformers.tasks.question_answering import QuestionAnswering
from keras_transformers.tasks.sentence_embedding import SentenceEmbedding
from keras_transformers.tasks.tagging import Tagging
from keras_transformers.text import Characters
from keras_transformers.text.wordpiece import require_wordpiece

TASKS = {
    "classification": (Classification(["x", "y"]), Labelled(["a"], ["x"], ["a:1"])),
    "masked_lm": (MaskedLanguageModel(), Documents([["a", "b"]])),
    "question_answering": (QuestionAnswering(), Questions(["q"], ["a"], ["b"], [[]])),
    "sentence_embedding": (SentenceEmbedding(lowest=0, highest=1), Labelled(["a"], ["1"], ["a:1"], ["b"])),
    "tagging": (Tagging(["x", "y"]), Tagged([["a"]], [["x"]], ["a:1"])),
}


@pytest.mark.parametrize("name", TASKS)
def test_each_task_says_what_it_needs(name):
    task, examples = TASKS[name]
    with pytest.raises(RecipeError) as raised:
        task.encode(examples, Characters(), 101, 97, 0, "data.train")
    assert str(raised.value) == (
        f"`task/{name}` needs a tokenizer with BERT's [CLS], such as `wordpiece`, not `characters`."
    )


def test_who_needs_it_chooses_the_error(letters):
    require_wordpiece(letters, "runs/a", RunError)
    with pytest.raises(RunError, match=r"^runs/a needs a tokenizer"):
        require_wordpiece(Characters(), "runs/a", RunError)
