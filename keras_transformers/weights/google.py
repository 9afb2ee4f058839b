"""Google's checkpoint of a BERT: bert_config.json, bert_model.ckpt.*, vocab.txt."""

from pathlib import Path

from ..errors import CheckpointError, first_line
from ..literal import literal_prefix
from ..signature import Path as PathArgument
from ..signature import register
from . import bert_config, vocabulary
from .bert_checkpoint import BertCheckpoint, StoredTokenizer
from .json_config import read_json
from .known_settings import GOOGLE_CONFIG
from .pretraining import is_like_theirs, masked_lm_task
from .settings import check

CONFIG = "bert_config.json"
INDEX = ".index"

NAMES = {
    "embed.embedding.table": "bert/embeddings/word_embeddings",
    "embed.position.table": "bert/embeddings/position_embeddings",
    "embed.segments": "bert/embeddings/token_type_embeddings",
    "embed.norm.gamma": "bert/embeddings/LayerNorm/gamma",
    "embed.norm.beta": "bert/embeddings/LayerNorm/beta",
    "encoder.blocks.{i}.attention.query.kernel": "bert/encoder/layer_{i}/attention/self/query/kernel",
    "encoder.blocks.{i}.attention.query.bias": "bert/encoder/layer_{i}/attention/self/query/bias",
    "encoder.blocks.{i}.attention.key.kernel": "bert/encoder/layer_{i}/attention/self/key/kernel",
    "encoder.blocks.{i}.attention.key.bias": "bert/encoder/layer_{i}/attention/self/key/bias",
    "encoder.blocks.{i}.attention.value.kernel": "bert/encoder/layer_{i}/attention/self/value/kernel",
    "encoder.blocks.{i}.attention.value.bias": "bert/encoder/layer_{i}/attention/self/value/bias",
    "encoder.blocks.{i}.attention.output_projection.kernel": "bert/encoder/layer_{i}/attention/output/dense/kernel",
    "encoder.blocks.{i}.attention.output_projection.bias": "bert/encoder/layer_{i}/attention/output/dense/bias",
    "encoder.blocks.{i}.attention_residual.norm.gamma": "bert/encoder/layer_{i}/attention/output/LayerNorm/gamma",
    "encoder.blocks.{i}.attention_residual.norm.beta": "bert/encoder/layer_{i}/attention/output/LayerNorm/beta",
    "encoder.blocks.{i}.feed_forward.expand.kernel": "bert/encoder/layer_{i}/intermediate/dense/kernel",
    "encoder.blocks.{i}.feed_forward.expand.bias": "bert/encoder/layer_{i}/intermediate/dense/bias",
    "encoder.blocks.{i}.feed_forward.contract.kernel": "bert/encoder/layer_{i}/output/dense/kernel",
    "encoder.blocks.{i}.feed_forward.contract.bias": "bert/encoder/layer_{i}/output/dense/bias",
    "encoder.blocks.{i}.feed_forward_residual.norm.gamma": "bert/encoder/layer_{i}/output/LayerNorm/gamma",
    "encoder.blocks.{i}.feed_forward_residual.norm.beta": "bert/encoder/layer_{i}/output/LayerNorm/beta",
    "pooler.kernel": "bert/pooler/dense/kernel",
    "pooler.bias": "bert/pooler/dense/bias",
}
"""Our name of each tensor of the backbone, and theirs, of the same shape."""

HEADS = {
    "head.masked_tokens.transform.kernel": "cls/predictions/transform/dense/kernel",
    "head.masked_tokens.transform.bias": "cls/predictions/transform/dense/bias",
    "head.masked_tokens.norm.gamma": "cls/predictions/transform/LayerNorm/gamma",
    "head.masked_tokens.norm.beta": "cls/predictions/transform/LayerNorm/beta",
    "head.masked_tokens.bias": "cls/predictions/output_bias",
    "head.next_sentence.kernel": "cls/seq_relationship/output_weights",
    "head.next_sentence.bias": "cls/seq_relationship/output_bias",
    "head.classifier.kernel": "output_weights",
    "head.classifier.bias": "output_bias",
}
"""The same for the heads of tasks; the kernels of the last layers are transposed."""

TRANSPOSED = ("cls/seq_relationship/output_weights", "output_weights")


@register("checkpoint_format", "google")
class GoogleCheckpoint(BertCheckpoint):
    """A TensorFlow 1 checkpoint of google-research/bert.

    Args:
        path: The folder, or the checkpoint's prefix such as `uncased_L-12/bert_model.ckpt`.

    Raises:
        CheckpointError: There is none, or it cannot be read.
    """

    summary = f"Google's ({CONFIG}, bert_model.ckpt{INDEX})"
    NAMES = NAMES
    KEYS = bert_config.COUNTS

    def __init__(self, path: PathArgument):
        super().__init__(path)
        import tensorflow as tf

        self.folder = self.path if self.path.is_dir() else self.path.parent
        file = self.config_file = self.folder / CONFIG
        config = read_json(file)
        self.settings_notes = check(config, GOOGLE_CONFIG, file)
        self.sizes = bert_config.sizes_of(config, file)
        prefix = _prefix(self.path)
        try:
            self._reader = tf.train.load_checkpoint(literal_prefix(prefix))
            self._shapes = {name: tuple(shape) for name, shape in self._reader.get_variable_to_shape_map().items()}
        except (tf.errors.OpError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"{prefix} cannot be read: {first_line(error)}") from None
        self._check_sizes()

    @classmethod
    def recognizes(cls, source):
        return isinstance(source, Path) and ((source / CONFIG).is_file() or Path(f"{source}{INDEX}").is_file())

    def task(self):
        if HEADS["head.masked_tokens.bias"] not in self._shapes or not is_like_theirs(self.sizes):
            return None
        return masked_lm_task(self.sizes.positions, HEADS["head.next_sentence.bias"] in self._shapes)

    def read_tokenizer(self):
        file = self.folder / vocabulary.FILE
        return StoredTokenizer(vocabulary.read_pieces(file), file)  # no file says whether it is of lower-case text

    def tensors(self):
        return {name: shape[::-1] if name in TRANSPOSED else shape for name, shape in self._shapes.items()}

    def read(self, name):
        import tensorflow as tf

        try:
            array = self._reader.get_tensor(name)
        except (tf.errors.OpError, ValueError, RuntimeError, IndexError) as error:
            raise CheckpointError(f"{self.path} is damaged at `{name}`: {first_line(error)}") from None
        return array.T if name in TRANSPOSED else array

    def tensor_name(self, name):
        return super().tensor_name(name) or HEADS.get(name)

    def shape_in_file(self, name, shape):
        return shape[::-1] if name in TRANSPOSED else shape

    def in_backbone(self, name):
        return name.startswith("bert/")

    def is_state(self, name):
        return name == "global_step" or name.endswith(("/adam_m", "/adam_v"))


def _prefix(path):
    """Return the prefix of the checkpoint's files; a folder must hold one checkpoint.

    Raises:
        CheckpointError: It holds none or several.
    """
    if not path.is_dir():
        return path
    found = sorted(file for file in path.iterdir() if file.name.endswith(INDEX))
    if len(found) == 1:
        return found[0].with_suffix("")
    if not found:
        raise CheckpointError(f"{path} holds {CONFIG}, but no checkpoint: no file ends in .ckpt{INDEX}.")
    names = ", ".join(str(Path(one.name).with_suffix("")) for one in found)
    raise CheckpointError(
        f"{path} holds several checkpoints, {names}: name one of them, as {found[-1].with_suffix('')}."
    )
