"""sentence-transformers' modules: pooling, normalization and prompts.

modules.json names the modules in their order, each with a folder of its own; sentence_bert_config.json says how long
a text may be, config_sentence_transformers.json which prompt comes first.
"""

import dataclasses

from ..errors import CheckpointError
from . import vocabulary
from .json_config import read_json
from .known_settings import DROPOUT, POOLING, SENTENCE_BERT_CONFIG, SENTENCE_TRANSFORMERS_CONFIG
from .known_settings import MODULES as MODULE_KEYS
from .known_settings import NORMALIZE as NORMALIZE_KEYS
from .settings import check, shown
from .tokenizer_json import read_switch

MODULES = "modules.json"
CONFIG = "1_Pooling/config.json"
NORMALIZE = "2_Normalize"
TRANSFORMER_CONFIG = "sentence_bert_config.json"
TRANSFORMER_CONFIGS = [
    f"sentence_{name}_config.json"
    for name in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
]
"""The names that its versions gave to one file."""
PROMPTS = "config_sentence_transformers.json"
SETFIT = "model_head.pkl"
OURS = "sentence_transformers."  # what the names of its own classes begin with
SENTENCE_TRANSFORMER = "SentenceTransformer"

MODE = "pooling_mode_"
MODES = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")
KNOWN = {"cls_token": "cls", "cls": "cls", "mean_tokens": "mean", "mean": "mean"}
"""What its settings call each way of pooling, and what we do."""
MEAN_BY_ROOT = "mean_sqrt_len_tokens"  # of length 1, the mean


def sentence_model(path):
    """Return the `SentenceModel` of a folder, or None if sentence-transformers did not write it.

    Raises:
        CheckpointError: One of its files is damaged, or asks for what would compute otherwise.
    """
    files = (MODULES, CONFIG, PROMPTS)
    return SentenceModel(path) if any((path / name).is_file() for name in files) else None


class SentenceModel:
    """What sentence-transformers does around the encoder of a folder.

    Args:
        path: The folder.

    Attributes:
        folder: Where the encoder's own files are.
        pools: Whether it makes one vector of a text; else the folder is read as Transformers' own.
        notes: Sentences for the user.

    Raises:
        CheckpointError: As of `sentence_model`.
    """

    def __init__(self, path):
        self.path = path
        self.notes = []
        self._settings = {}
        modules = self._modules()
        self.folder = path / modules[0][1] if modules[0][0] == "Transformer" else path
        settings = read_json(path / PROMPTS) if (path / PROMPTS).is_file() else {}
        kind = settings.get("model_type") or SENTENCE_TRANSFORMER
        self.pools = kind == SENTENCE_TRANSFORMER
        if not self.pools:
            self.notes.append(
                f"{path / PROMPTS}: `model_type` is {shown(kind)}: the folder is read as one of Transformers, without "
                "what sentence-transformers does around it."
            )
            return
        self._settings = self._transformer_settings()
        self.notes += check(settings, SENTENCE_TRANSFORMERS_CONFIG, path / PROMPTS)
        self._prompt = self._read_prompt(settings)
        self._pooling, self._normalize = self._read_chain(modules)
        if (path / SETFIT).is_file():
            self.notes.append(
                f"{path / SETFIT}: SetFit's classifier is not read, for it can hold code: what makes the vectors is."
            )
        if settings.get("similarity_fn_name") == "dot" and not self._normalize:
            self.notes.append(f"{path / PROMPTS}: `similarity_fn_name` is dot: vectors are compared by their cosine.")

    @property
    def length(self):
        """The most tokens of a text by its own settings, or None."""
        return self._settings.get("max_seq_length")

    def task(self, length):
        """Return the section `task`, or None if the vector is made in a way that this library has not.

        Args:
            length: The most tokens of a text; None: as many as the encoder has positions.
        """
        if self._pooling is None:
            return None
        limit = {"length": length} if length else {}
        prompt = {"prompt": self._prompt} if self._prompt else {}
        return {
            "type": "sentence_embedding", "pooling": self._pooling, "normalize": self._normalize, **limit, **prompt,
        }  # fmt: skip

    def tokenizer(self, stored):
        """Return a `StoredTokenizer` with what `do_lower_case` adds: lower case, accents as they were."""
        if not self._settings.get("do_lower_case") or stored.lowercase:
            return stored
        lowercase = vocabulary.is_lower_case(stored.pieces) if stored.lowercase is None else False
        accents = lowercase if stored.strip_accents is None else stored.strip_accents
        return dataclasses.replace(stored, lowercase=True, strip_accents=accents)

    def _modules(self):
        """Return (name of its class, folder) of each module that a text passes, its own classes by their last name.

        Raises:
            CheckpointError: The file is damaged.
        """
        file = self.path / MODULES
        if not file.is_file():
            return [("Transformer", ""), *([("Pooling", "1_Pooling")] if (self.path / CONFIG).is_file() else [])]
        found = []
        for module in read_json(file, list):
            kind, folder = (module.get("type"), module.get("path")) if isinstance(module, dict) else (None, None)
            if not isinstance(kind, str) or not isinstance(folder, str):
                raise CheckpointError(f"{file} is damaged: a module must have `type` and `path`, both texts.")
            self.notes += check(module, MODULE_KEYS, file)
            found.append((kind.rpartition(".")[2] if kind.startswith(OURS) else kind, folder))
        if not found:
            raise CheckpointError(f"{file} is damaged: it names no module.")
        return found

    def _transformer_settings(self):
        file = next((self.folder / name for name in TRANSFORMER_CONFIGS if (self.folder / name).is_file()), None)
        if file is None:
            return {}
        settings = read_json(file)
        read_switch(settings, "do_lower_case", file)
        length = settings.get("max_seq_length")
        if length is not None and (type(length) is not int or length < 3):
            raise CheckpointError(f"{file}: `max_seq_length` must be a number above 2, but is {shown(length)}.")
        self.notes += check(settings, SENTENCE_BERT_CONFIG, file)
        return settings

    def _read_prompt(self, settings):
        """Return the text that is put before each one; of the others the user is told.

        Raises:
            CheckpointError: The prompts are damaged.
        """
        file = self.path / PROMPTS
        prompts, name = settings.get("prompts") or {}, settings.get("default_prompt_name")
        texts = prompts.values() if isinstance(prompts, dict) else [prompts]
        if not all(text is None or isinstance(text, str) for text in texts):
            raise CheckpointError(f"{file}: `prompts` must hold texts by their names, but is {shown(prompts)}.")
        if name is not None and name not in prompts:
            raise CheckpointError(f"{file}: `default_prompt_name` must be one of `prompts`, but is {shown(name)}.")
        others = [f"{one} ({shown(text)})" for one, text in prompts.items() if text and one != name]
        if others:
            self.notes.append(
                f"{file}: prompts for some texts are not put before them: {', '.join(others)}. For one of them write "
                "`prompt` under `task` in the run's recipe.yaml, or add it to your texts."
            )
        return prompts.get(name) or ""

    def _read_chain(self, modules):
        """Return how vectors are pooled, and whether they get length 1; None and a note if otherwise than here."""
        kinds = [kind for kind, _ in modules if kind != "Dropout"]
        folders = dict(modules)
        if "Pooling" not in kinds:
            what = "no layer that pools" if kinds == ["Transformer"] else f"the layer {kinds[-1]}"
            return self._not_read(what)
        normalize = kinds == ["Transformer", "Pooling", "Normalize"]
        if kinds != ["Transformer", "Pooling"] and not normalize:
            strange = [kind for kind in kinds if kind not in ("Transformer", "Pooling", "Normalize")]
            order = f"its layers in the order {', '.join(kinds)}"
            return self._not_read(f"the layer {strange[0]}" if strange else order)
        for kind, keys in (("Normalize", NORMALIZE_KEYS), ("Dropout", DROPOUT)):
            file = self.path / folders.get(kind, "") / "config.json"
            if kind in folders and file.is_file():
                self.notes += check(read_json(file), keys, file)
        file = self.path / folders["Pooling"] / "config.json"
        settings = read_json(file)
        self.notes += check(settings, POOLING, file)
        if read_switch(settings, "include_prompt", file) is False and self._prompt:
            return self._not_read("pooling that leaves the prompt out")
        pooling = _pooling(settings, file)
        if pooling == MEAN_BY_ROOT and normalize:
            pooling = "mean"
        return (KNOWN[pooling], normalize) if pooling in KNOWN else self._not_read(f"pooling by {pooling}")

    def _not_read(self, what):
        prompt = f", without its prompt ({shown(self._prompt)})" if self._prompt else ""
        self.notes.append(
            f"{self.path} makes sentence vectors with {what}, which is not read: its encoder is, alone{prompt}."
        )
        return None, False


def sentence_files(task, dim):
    """Return {name: what it holds} of the JSON files that say a task `sentence_embedding`.

    Args:
        task: The section of the recipe.
        dim: Width of the vectors.
    """
    layers = [("", "Transformer"), (CONFIG.partition("/")[0], "Pooling")]
    if task["normalize"]:
        layers.append((NORMALIZE, "Normalize"))
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(layers)
    ]
    modes = {f"{MODE}{mode}": KNOWN.get(mode) == task["pooling"] for mode in MODES}
    files = {MODULES: modules, CONFIG: {"word_embedding_dimension": dim, **modes}}
    if task.get("length"):
        files[TRANSFORMER_CONFIG] = {"max_seq_length": task["length"], "do_lower_case": False}
    if task.get("prompt"):
        files[PROMPTS] = {"prompts": {"default": task["prompt"]}, "default_prompt_name": "default"}
    return files


def _pooling(settings, file):
    """Return the way of pooling, as the file calls it, several joined; by default the mean.

    Raises:
        CheckpointError: A way of pooling is neither on nor off.
    """
    names = [name for name in settings if name.startswith(MODE) and read_switch(settings, name, file)]
    modes = [name.removeprefix(MODE) for name in names]
    if not modes:
        mode = settings.get("pooling_mode") or "mean"
        modes = mode if isinstance(mode, list) else [mode]
    return " and ".join(str(mode) for mode in modes)
