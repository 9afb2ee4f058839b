"""`kt.embed`: texts in, NumPy arrays out.

N texts, D model width.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from ...annotations import Tensor
from ...errors import RunError
from ...files import StrPath
from ...layers.masks import padding_mask
from ...models.backbone import backbone_of, longest_input
from ...models.heads.sentence import SentenceVector
from ...predictors.text_reader import TextReader
from ...predictors.texts import several
from ...runs.run import Run, opened
from ...tasks.sentence_embedding import SentenceEmbedding
from ...text.wordpiece import require_wordpiece
from .words import Words, WordVectors

CUT = "{cut} of {total} texts are longer than the model reads ({longest} tokens), and were cut."
CHUNK = 256  # texts that are in memory together


def embed(
    run: Run | StrPath,
    texts: Iterable[str],
    unit: Literal["sentence", "word"] = "sentence",
    layer: int | None = None,
    pooling: Literal["mean", "cls"] | None = None,
) -> np.ndarray | list[WordVectors]:
    """Return vectors for texts, or for each word of them, from a run's encoder.

    Args:
        run: A `Run`, or its folder, of an encoder such as BERT, with or without a task's head.
        texts: List of str.
        unit: `sentence`, or `word`: a run of letters or digits, or a single other sign.
        layer: Number of the block whose output is taken, 0 for what enters the first; by default the
            last.
        pooling: `mean` or `cls`; by default as the run's task says if that is `sentence_embedding`, else
            `mean`. For sentences only.

    Returns:
        Of sentences, an array (N, D), float32, of length 1 each unless the run's task says otherwise; a
        text longer than the model reads is cut, with a warning. Of words, a list of N `WordVectors`; long texts
        are read in windows that overlap.

    Raises:
        RunError: It is not a finished run of an encoder, or has no such layer.
    """
    embedder = Embedder(run, unit, layer, pooling)
    found = list(embedder(texts))
    if embedder.cut:
        warnings.warn(CUT.format(cut=embedder.cut, total=len(found), longest=embedder.longest), stacklevel=2)
    if unit == "word":
        return found
    return np.stack(found) if found else np.zeros((0, embedder.dim), "float32")


class Embedder:
    """Makes vectors of any number of texts, a few at a time.

    Args:
        run: As for `embed`, and so are the others.
        unit: `sentence` or `word`.
        layer: Number of the block, or None.
        pooling: `mean`, `cls` or None.

    Attributes:
        dim: D.
        longest: The most tokens that the model reads at once.
        cut: How many texts were cut so far.
    """

    def __init__(
        self,
        run: Run | StrPath,
        unit: Literal["sentence", "word"] = "sentence",
        layer: int | None = None,
        pooling: Literal["mean", "cls"] | None = None,
    ) -> None:
        for name, value, known in (("unit", unit, ("sentence", "word")), ("pooling", pooling, ("mean", "cls", None))):
            if value not in known:
                raise ValueError(f"`{name}` must be {known[0]} or {known[1]}, but is {value}.")
        if unit == "word" and pooling is not None:
            raise ValueError(f"`pooling` must be None for words, which are not pooled, but is {pooling}.")
        run = opened(run)
        backbone, tokenizer = backbone_of(run.model()), run.tokenizer()
        if "tokens" not in getattr(backbone, "input", ()):
            raise RunError(f"{run} must hold an encoder, such as BERT, but does not.")
        require_wordpiece(tokenizer, run, RunError)
        self.unit = unit
        self.dim = backbone.dim
        self.longest = longest_input(backbone)
        self.cut = 0
        states = hidden_states(backbone, layer, run)
        self._read: Callable[[Sequence[str]], Any]
        if unit == "word":
            self._read = Words(states, tokenizer, self.longest)
        else:
            self._read = self._sentences(states, tokenizer, _task_of(run), pooling)

    def __call__(self, texts: Iterable[str]) -> Iterator[Any]:
        """Yield, for each str, its vector (D,) or its `WordVectors`."""
        texts = several(texts)
        for start in range(0, len(texts), CHUNK):
            yield from self._read(texts[start : start + CHUNK])

    def _sentences(
        self, states: keras.Model, tokenizer: Any, task: SentenceEmbedding, pooling: Literal["mean", "cls"] | None
    ) -> Callable[[Sequence[str]], np.ndarray]:
        self.longest = min(task.length or self.longest, self.longest)
        vector = SentenceVector(pooling or task.pooling, task.normalize)(states.output, states.input["tokens"])
        model = keras.Model(states.input, vector)
        outputs = {"vector": _spec(vector)}
        reader = TextReader(model, tokenizer, lambda each: {"vector": each}, outputs, prompt=task.prompt)
        reader.longest = self.longest  # which the model of states does not tell

        def read(texts: Sequence[str]) -> Any:
            found = reader(tf.constant(texts, tf.string))
            self.cut += int(np.count_nonzero(found["truncated"]))
            return found["vector"].numpy()

        return read


def hidden_states(backbone: Any, layer: int | None, run: Run) -> keras.Model:
    """Return the model from `tokens` and `segments` to the states (B, T, D) after block number `layer`.

    Raises:
        RunError: There is no such block.
    """
    if layer is None:
        return keras.Model(backbone.input, backbone(backbone.input)["sequence"])
    blocks = backbone.encoder.blocks
    if not 0 <= layer <= len(blocks):
        raise RunError(f"`layer` must be from 0 to {len(blocks)}, the blocks of {run}, but is {layer}.")
    tokens, segments = backbone.input["tokens"], backbone.input["segments"]
    states = backbone.embed(tokens, segments)
    for block in blocks[:layer]:
        states = block(states, mask=padding_mask(tokens))
    return keras.Model({"tokens": tokens, "segments": segments}, states)


def _task_of(run: Run) -> SentenceEmbedding:
    """Return the `SentenceEmbedding` that says how sentences become vectors: the run's, or the defaults."""
    task = run.task() if run.recipe.tree.get("task") else None
    return task if isinstance(task, SentenceEmbedding) else SentenceEmbedding()


def _spec(vector: Tensor) -> tf.TensorSpec:
    return tf.TensorSpec(vector.shape, tf.float32)
