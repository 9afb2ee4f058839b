"""A vocabulary of subwords, learnt by SentencePiece."""

import hashlib
import io
import re
import tempfile
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import sentencepiece
import tensorflow as tf
import tensorflow_text

from ..annotations import Tensor
from ..errors import DataError, RecipeError
from ..signature import Absent, Bounds, Present, Slot, register
from ..signature import Path as PathArgument
from . import normalization
from .sampling import Sampling
from .special import BOS, EOS, PAD, UNK, VocabularySize
from .tokenizer import Tokenizer, read_vocabulary, write_vocabulary

_FILE = "sentencepiece.model"
_SPACE = "▁"  # how SentencePiece writes a space; each text begins with one
_THREADS = 4  # fixed: the model depends on it
_LOSSLESS = {
    "normalization_rule_name": "identity",
    "add_dummy_prefix": False,
    "remove_extra_whitespaces": False,
    "allow_whitespace_only_pieces": True,
    "byte_fallback": True,
}
_NAMES = {PAD: "<pad>", UNK: "<unk>", BOS: "<s>", EOS: "</s>"}
_DRAWING = threading.Lock()  # SentencePiece's seed is one for the whole process
_LONGEST = 1 << 20  # bytes of a training sentence; SentencePiece would skip those above 4192 silently


@register("tokenizer", "sentencepiece")
class SentencePiece(Tokenizer):
    """Subwords learnt from the training text by SentencePiece, or those of a model that is given.

    Accents are composed (Unicode's NFC), every kind of space becomes an ordinary one, and runs of
    spaces become one; nothing else of the text is changed. If `lossless`, nothing is.

    Of a `model` that is given nothing is learnt anew: its pieces, its normalization, its symbols and its bytes for
    unknown characters are kept. Models count on the ids 0 to 3 for padding, unknown, beginning and end: where the file
    numbers them otherwise, or lacks one, these four come first and all others follow in the file's order. `own_ids`
    gives the file's numbers.

    Args:
        vocab_size: Number of ids, the four special ones included; as many as the training text supports, if that
            is less; none: with `model`, which has its own.
        model_type: `unigram`, or `bpe` for byte-pair encoding.
        character_coverage: Share of the training text's characters that the vocabulary covers;
            0.9995 leaves out the rarest of a large character set such as Chinese.
        lossless: Whether ids give the very text back, as those of a language model should: nothing is normalized, and a
            character outside the vocabulary is written as its bytes, which take 256 ids.
        model: A SentencePiece model to be used as it is, as a path from the working directory; the run keeps a copy.
            None: one is learnt. The other settings are of learning, but for `sample`.
        sample: How segmentations are drawn in training; none: each text has one.

    Raises:
        RecipeError: There is neither `vocab_size` nor `model`, or both.
        DataError: The model cannot be read, or has nothing to draw.

    Reference:
        Kudo and Richardson 2018, https://arxiv.org/abs/1808.06226
    """

    gives = ()

    def __init__(
        self,
        vocab_size: Annotated[VocabularySize, Present(unless="model"), Absent(when="model")] | None = None,
        model_type: Literal["unigram", "bpe"] = "unigram",
        character_coverage: Annotated[float, Bounds(minimum=0.98, maximum=1)] = 1.0,
        lossless: bool = False,
        model: Annotated[PathArgument, Absent(when="lossless")] | None = None,
        sample: Annotated[Any, Slot("section", default="sampling")] | None = None,
    ) -> None:
        super().__init__(name="sentencepiece")
        if (vocab_size is None) == (model is None):
            raise RecipeError("`tokenizer/sentencepiece` needs either `vocab_size` or `model`.")
        self.vocab_size = vocab_size
        self.model_type = model_type
        self.character_coverage = character_coverage
        self.lossless = lossless
        self.model = model
        self.sample: Sampling | None = sample
        self._own: np.ndarray | None = None
        self._read: np.ndarray | None = None
        self._processor: Any = None
        self._tokenizer: Any = None

    def train(self, texts: Iterable[str], folder: Path) -> None:
        if self.model is not None:
            model = _of_others(Path(self.model).expanduser())
            kind = _kind_of(model)
            if self.sample is not None and kind not in ("unigram", "bpe"):
                raise DataError(
                    f"`sample` draws segmentations of unigram and bpe models, but {self.model} is of the kind {kind}: "
                    "leave `sample` out."
                )
            write_vocabulary(Path(folder) / _FILE, model)
            self.load(folder)
            return
        texts = list(texts)
        try:
            model = self._learnt(texts, self.vocab_size or 0)
        except RuntimeError as error:
            most = re.search(r"too high.*<= (\d+)", str(error))
            if most is None:
                raise self._explained(str(error)) from None
            model = self._learnt(texts, int(most[1]))
        write_vocabulary(Path(folder) / _FILE, _without_paths(model))
        self.load(folder)

    def _learnt(self, texts: list[str], size: int) -> bytes:
        """Return a model of so many ids, as bytes.

        Raises:
            RuntimeError: SentencePiece says that there is none.
        """
        model = io.BytesIO()
        options: dict[str, Any] = _LOSSLESS if self.lossless else {}
        with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="ascii") as rules:
            rules.write("" if self.lossless else normalization.rules())
            rules.flush()
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(texts),
                model_writer=model,
                vocab_size=size,
                model_type=self.model_type,
                character_coverage=self.character_coverage,
                normalization_rule_tsv="" if self.lossless else rules.name,
                max_sentence_length=_LONGEST,
                num_threads=_THREADS,
                pad_id=PAD,
                unk_id=UNK,
                bos_id=BOS,
                eos_id=EOS,
                minloglevel=2,
                **options,
            )
        return _with_plain_spaces(model.getvalue()) if self.lossless else model.getvalue()

    def load(self, folder: Path) -> None:
        path = Path(folder) / _FILE
        model = read_vocabulary(path)
        try:
            self._processor = _processor(model)
        except RuntimeError:
            raise DataError(f"{path} is damaged: it is not a SentencePiece model.") from None
        own = _special_first(self._processor)
        self._own = self._read = None
        if not np.array_equal(own, np.arange(len(own))):
            self._own, self._read = own, np.zeros(self._processor.get_piece_size(), np.int32)
            self._read[own[own >= 0]] = np.flatnonzero(own >= 0)
        # The operation keeps the model in the graph, so that a SavedModel needs no file of ours.
        self._tokenizer = tensorflow_text.SentencepieceTokenizer(model, out_type=tf.int32)
        self._tokenizer._model_resource = _SharedModel(model)

    @property
    def size(self) -> int:
        self._loaded()
        return int(self._processor.get_piece_size()) if self._own is None else len(self._own)

    def tokenize(self, texts: Tensor) -> tf.RaggedTensor:
        ids = self._loaded().tokenize(texts)
        return ids if self._read is None else ids.with_flat_values(tf.gather(self._read, ids.flat_values))

    def detokenize(self, ids: tf.RaggedTensor) -> Tensor:
        if self._own is not None:
            ids = self.own_ids(ids)
            ids = tf.ragged.boolean_mask(ids, ids >= 0)
        # SentencePiece itself skips control pieces, which PAD, BOS and EOS are.
        return self._loaded().detokenize(ids)

    def own_ids(self, ids: tf.RaggedTensor) -> tf.RaggedTensor:
        return ids if self._own is None else ids.with_flat_values(tf.gather(self._own, ids.flat_values))

    def draw(self, texts: Sequence[str], seeds: Sequence[int]) -> list[np.ndarray]:
        self._loaded()
        how = self.sample or Sampling()
        drawn = []
        with _DRAWING:
            for text, seed in zip(texts, seeds, strict=True):
                sentencepiece.set_random_generator_seed(int(seed))
                ids = self._processor.encode(
                    text, out_type=int, enable_sampling=True, alpha=how.alpha, nbest_size=how.nbest or -1
                )
                drawn.append(np.array(ids, np.int32))
        return drawn if self._read is None else [self._read[ids] for ids in drawn]

    def normalize(self, texts: Iterable[str]) -> list[str]:
        self._loaded()
        if self.lossless:
            return list(texts)
        if self.model is not None:
            return [self._written(text) for text in texts]
        written = self._processor.normalize(list(texts))
        return [text.replace(_SPACE, " ").lstrip(" ") for text in written]

    def pieces(self, ids: Iterable[int]) -> list[str]:
        self._loaded()
        numbers = list(ids)
        own = numbers if self._own is None else self._own[numbers].tolist()
        pieces = zip(numbers, own, strict=True)
        return [_NAMES[number] if there < 0 else self._processor.id_to_piece(there) for number, there in pieces]

    def _written(self, text: str) -> str:
        """Return a text as a model that is given writes it; where a character is unknown, as it normalizes it."""
        ids = self._processor.encode(text, out_type=int)
        if self._processor.unk_id() not in ids:
            return str(self._processor.decode(ids))
        return str(self._processor.normalize(text)).replace(_SPACE, " ").strip(" ")

    def _loaded(self) -> Any:
        if self._tokenizer is None:
            raise DataError("The tokenizer has no vocabulary yet: call `train` or `load` first.")
        return self._tokenizer

    def _explained(self, message: str) -> DataError:
        """Return SentencePiece's error as a sentence that says what to set."""
        asked = f"but is {self.vocab_size}; set it with `--set tokenizer.vocab_size="
        if found := re.search(r"smaller than required_chars. \d+ vs (\d+)", message):
            least = found[1]
            return DataError(
                f"`vocab_size` must be at least {least}, so that each character of the training text has "
                f"an id, {asked}{least}` or lower `tokenizer.character_coverage`."
            )
        if "sentences_.empty()" in message:
            return DataError("SentencePiece cannot be trained: the training text is empty.")
        return DataError(f"SentencePiece cannot be trained on this text: {message}")


class _SharedModel(tf.saved_model.experimental.TrackableResource):
    """The SentencePiece model as a resource that outlives the cache of kernels.

    TF Text's own belongs to a kernel, and `keras.utils.set_random_seed` empties the cache of
    kernels: the tokenizer then fails with "Resource … does not exist". A named resource stays.
    """

    def __init__(self, model: bytes) -> None:
        super().__init__()
        self._model = model
        self._name = f"sentencepiece_{hashlib.sha256(model).hexdigest()}"
        _ = self.resource_handle  # creates it

    def _create_resource(self) -> Tensor:
        # The operation itself: TF Text's wrapper gives the resource no name.
        from tensorflow_text.python.ops import sentencepiece_tokenizer as wrapper

        create = wrapper.gen_sentencepiece_tokenizer.sentencepiece_op
        return create(model=self._model, shared_name=self._name)


def _of_others(path: Path) -> bytes:
    """Return the bytes of a SentencePiece model that the user has.

    Raises:
        DataError: It cannot be read, or is none.
    """
    try:
        model = path.read_bytes()
    except OSError as error:
        raise DataError(f"The SentencePiece model {path} cannot be read: {error.strerror}.") from None
    try:
        _processor(model)
    except RuntimeError:
        raise DataError(
            f"{path} is not a SentencePiece model, such as `spm_train` writes with the ending .model."
        ) from None
    return model


def _processor(model: bytes) -> Any:
    """Return SentencePiece's own object of a model.

    Raises:
        RuntimeError: It is none.
    """
    if not model:  # of which SentencePiece makes an object without pieces
        raise RuntimeError
    return sentencepiece.SentencePieceProcessor(model_proto=model)


def _kind_of(model: bytes) -> str:
    """Return how a model divides text: `unigram`, `bpe`, `word` or `char`."""
    from sentencepiece import sentencepiece_model_pb2

    messages: Any = sentencepiece_model_pb2
    kind = messages.ModelProto.FromString(model).trainer_spec.model_type
    return str(messages.TrainerSpec.ModelType.Name(kind)).lower()


def _special_first(processor: Any) -> np.ndarray:
    """Return the file's number of each id, int32 (V,): of padding, unknown, beginning, end, then all others in order.

    What the file has not is -1.
    """
    size = processor.get_piece_size()
    special = [processor.pad_id(), processor.unk_id(), processor.bos_id(), processor.eos_id()]
    special = [own if 0 <= own < size and own not in special[:place] else -1 for place, own in enumerate(special)]
    others = [own for own in range(size) if own not in special]
    return np.array([*special, *others], np.int32)


def _with_plain_spaces(model: bytes) -> bytes:
    """Return a model whose pieces hold spaces as they are, so that a text may hold the sign that stands for them."""
    from sentencepiece import sentencepiece_model_pb2

    messages: Any = sentencepiece_model_pb2
    proto = messages.ModelProto.FromString(model)
    for piece in proto.pieces:
        piece.piece = piece.piece.replace(_SPACE, " ")
    proto.normalizer_spec.escape_whitespaces = False
    return bytes(proto.SerializeToString(deterministic=True))


def _without_paths(model: bytes) -> bytes:
    """Return the model without the name of the temporary file of rules."""
    from sentencepiece import sentencepiece_model_pb2

    messages: Any = sentencepiece_model_pb2  # its classes are made when it is imported
    proto = messages.ModelProto.FromString(model)
    proto.normalizer_spec.ClearField("normalization_rule_tsv")
    return bytes(proto.SerializeToString(deterministic=True))
