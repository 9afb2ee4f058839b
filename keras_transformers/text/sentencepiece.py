"""A vocabulary of subwords, learnt by SentencePiece."""

import hashlib
import io
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import sentencepiece
import tensorflow as tf
import tensorflow_text

from ..annotations import Tensor
from ..errors import DataError
from ..signature import Bounds, register
from . import normalization
from .special import BOS, EOS, PAD, UNK, VocabularySize
from .tokenizer import Tokenizer, read_vocabulary, write_vocabulary

_FILE = "sentencepiece.model"
_SPACE = "▁"  # how SentencePiece writes a space; each text begins with one
_THREADS = 4  # fixed: the model depends on it
_LONGEST = 1 << 20  # bytes of a training sentence; SentencePiece would skip those above 4192 silently


@register("tokenizer", "sentencepiece")
class SentencePiece(Tokenizer):
    """Subwords learnt from the training text by SentencePiece.

    Accents are composed (Unicode's NFC), every kind of space becomes an ordinary one, and runs of
    spaces become one; nothing else of the text is changed.

    Args:
        vocab_size: Number of ids, the four special ones included; as many as the training text supports, if that
            is less.
        model_type: `unigram`, or `bpe` for byte-pair encoding.
        character_coverage: Share of the training text's characters that the vocabulary covers;
            0.9995 leaves out the rarest of a large character set such as Chinese.

    Reference:
        Kudo and Richardson 2018, https://arxiv.org/abs/1808.06226
    """

    gives = ()

    def __init__(
        self,
        vocab_size: VocabularySize,
        model_type: Literal["unigram", "bpe"] = "unigram",
        character_coverage: Annotated[float, Bounds(minimum=0.98, maximum=1)] = 1.0,
    ) -> None:
        super().__init__(name="sentencepiece")
        self.vocab_size = vocab_size
        self.model_type = model_type
        self.character_coverage = character_coverage
        self._processor: Any = None
        self._tokenizer: Any = None

    def train(self, texts: Iterable[str], folder: Path) -> None:
        texts = list(texts)
        try:
            model = self._learnt(texts, self.vocab_size)
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
        with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="ascii") as rules:
            rules.write(normalization.rules())
            rules.flush()
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(texts),
                model_writer=model,
                vocab_size=size,
                model_type=self.model_type,
                character_coverage=self.character_coverage,
                normalization_rule_tsv=rules.name,
                max_sentence_length=_LONGEST,
                num_threads=_THREADS,
                pad_id=PAD,
                unk_id=UNK,
                bos_id=BOS,
                eos_id=EOS,
                minloglevel=2,
            )
        return model.getvalue()

    def load(self, folder: Path) -> None:
        path = Path(folder) / _FILE
        model = read_vocabulary(path)
        try:
            self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        except RuntimeError:
            raise DataError(f"{path} is damaged: it is not a SentencePiece model.") from None
        # The operation keeps the model in the graph, so that a SavedModel needs no file of ours.
        self._tokenizer = tensorflow_text.SentencepieceTokenizer(model, out_type=tf.int32)
        self._tokenizer._model_resource = _SharedModel(model)

    @property
    def size(self) -> int:
        self._loaded()
        return int(self._processor.get_piece_size())

    def tokenize(self, texts: Tensor) -> tf.RaggedTensor:
        return self._loaded().tokenize(texts)

    def detokenize(self, ids: tf.RaggedTensor) -> Tensor:
        # SentencePiece itself skips control pieces, which PAD, BOS and EOS are.
        return self._loaded().detokenize(ids)

    def normalize(self, texts: Iterable[str]) -> list[str]:
        self._loaded()
        written = self._processor.normalize(list(texts))
        return [text.replace(_SPACE, " ").lstrip(" ") for text in written]

    def pieces(self, ids: Iterable[int]) -> list[str]:
        shown = self._loaded().id_to_string(tf.constant(list(ids), tf.int32))
        return [piece.decode("utf-8", "replace") for piece in shown.numpy()]

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


def _without_paths(model: bytes) -> bytes:
    """Return the model without the name of the temporary file of rules."""
    from sentencepiece import sentencepiece_model_pb2

    messages: Any = sentencepiece_model_pb2  # its classes are made when it is imported
    proto = messages.ModelProto.FromString(model)
    proto.normalizer_spec.ClearField("normalization_rule_tsv")
    return bytes(proto.SerializeToString(deterministic=True))
