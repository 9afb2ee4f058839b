"""Answers about whole texts or text pairs, such as labels, scores or vectors.

N texts, B of them in a batch.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from ..annotations import Tensor
from ..models.backbone import longest_input
from ..text.packing import pack
from .batched import in_batches
from .predictor import Predictor


class TextReader(Predictor):
    """Answers any number of texts of any length, a bounded batch at a time.

    Texts longer than `length` are cut at their end; the output `truncated` tells which.

    Args:
        model: From `tokens` and `segments` to one tensor (B, …).
        tokenizer: A `WordPiece`.
        answer: From what the model gives to a dict of tensors (B, …), in the graph.
        outputs: For each of those tensors its `tf.TensorSpec`.
        length: The most tokens of a text; None: as many as the model has positions, which is never exceeded.
        prompt: Text that is put before each.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        answer: Callable[[Tensor], dict[str, Tensor]],
        outputs: dict[str, tf.TensorSpec],
        length: int | None = None,
        prompt: str = "",
    ) -> None:
        super().__init__(model, tokenizer)
        self.answer = answer
        self.outputs = outputs
        self.longest = min(length or longest_input(model), longest_input(model))
        self.prompt = prompt

    # Nothing in it is for AutoGraph to rewrite, which takes as long as all of the tracing else.
    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")], autograph=False)
    def __call__(self, text: Tensor) -> dict[str, Tensor]:
        """Return the answers, and `truncated`, bool (N,), for `text`, string (N,)."""
        return self.read(text)

    def read(self, *texts: Tensor) -> dict[str, Tensor]:
        """Return the answers to texts, or to pairs of them, each string (N,)."""
        prompted = [tf.strings.join([self.prompt, text]) for text in texts] if self.prompt else texts
        ids = [self.tokenizer.tokenize(text) for text in prompted]
        second = ids[1] if len(ids) > 1 else None
        tokens, segments = pack(self.tokenizer, ids[0], second, max_length=self.longest)
        found = in_batches(self._answered, {"tokens": tokens, "segments": segments}, self.outputs)
        whole = sum(side.row_lengths() for side in ids) + len(ids) + 1  # with [CLS], and [SEP] after each
        return {**found, "truncated": whole > self.longest}

    def _answered(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return self.answer(self.model(inputs, training=False))


class PairReader(TextReader):
    """Answers any number of pairs of texts, as `TextReader` does single ones."""

    @tf.function(
        input_signature=[
            tf.TensorSpec((None,), tf.string, name="first"),
            tf.TensorSpec((None,), tf.string, name="second"),
        ],
        autograph=False,
    )
    def __call__(self, first: Tensor, second: Tensor) -> dict[str, Tensor]:
        """Return the answers, and `truncated`, bool (N,), for `first` and `second`, string (N,)."""
        return self.read(first, second)
