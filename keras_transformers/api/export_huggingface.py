"""Exports a run of BERT as a folder that Hugging Face Transformers loads."""

import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from .. import recipe as recipes
from .. import registry
from ..errors import ExportError
from ..files import Kind, StrPath, refuse_existing, replacing, write_json, writing
from ..runs.model import vocab_size
from ..runs.run import Run, opened
from ..weights import bert_config, vocabulary
from ..weights.bert_checkpoint import their_name
from ..weights.bert_sizes import Sizes
from ..weights.huggingface import CONFIG, HEADS, MODEL_TYPE, PREFIX, WEIGHTS, is_transposed
from ..weights.huggingface import NAMES as TENSORS
from ..weights.huggingface_heads import head_settings
from ..weights.huggingface_tokenizer import CONFIG as TOKENIZER_CONFIG
from ..weights.pretraining import MASKED_LM, PRETRAINING, is_like_theirs
from ..weights.sentence_transformers import CONFIG as POOLING
from ..weights.sentence_transformers import MODULES, NORMALIZE, PROMPTS, TRANSFORMER_CONFIG, sentence_files
from ..weights.tensor_names import places

FREE = ("initialization", "dropout", "initializer", "vocab_size", "dim", "head_dim")
"""Keys of a recipe's model in which one may differ from BERT's and compute the same."""

FILES = {CONFIG, WEIGHTS, vocabulary.FILE, TOKENIZER_CONFIG}
SENTENCE_FILES = {MODULES, POOLING.partition("/")[0], NORMALIZE, PROMPTS, TRANSFORMER_CONFIG}
KIND = Kind("a Hugging Face folder", CONFIG, frozenset(FILES | SENTENCE_FILES))


def export_huggingface(run: Run | StrPath, directory: StrPath, overwrite: bool = False) -> list[str]:
    """Write the final model of a run as Transformers' `save_pretrained` would.

    The folder holds config.json, model.safetensors, vocab.txt and tokenizer_config.json. The head of
    the task goes with it where Transformers has one like it; how sentence vectors are made goes into
    the files of sentence-transformers.

    Args:
        run: A `Run`, or its folder.
        directory: The folder to write.
        overwrite: Replace such a folder.

    Returns:
        A list of sentences on what was left out.

    Raises:
        RunError: It is not a finished run.
        ExportError: The model is none that Transformers has, or the folder is taken or cannot be written.
    """
    run = opened(run)
    directory = Path(directory)
    refuse_existing(directory, KIND, overwrite, ExportError)
    tree = run.recipe.tree
    tokenizer = tree.get("tokenizer") or {}
    if tokenizer.get("type") != "wordpiece":
        raise ExportError(f"{run} cannot be written for Transformers: its tokenizer is not `wordpiece`.")
    run.tokenizer()  # says what is wrong with the vocabulary, by the name that the user knows
    sizes = sizes_in(tree, run)
    task = tree.get("task") or {}
    tensors, notes = _tensors(run.model(), sizes)
    with replacing(directory, ExportError) as folder, writing(directory, ExportError):
        arrays = {name: _array(name, place) for name, place in tensors.items()}
        save_file(arrays, folder / WEIGHTS, metadata={"format": "pt"})  # without it, Transformers refuses the file
        write_json(folder / CONFIG, _config(sizes, tensors, task))
        write_json(folder / TOKENIZER_CONFIG, _tokenizer_config(tokenizer, _longest(task, sizes)))
        if task.get("type") == "sentence_embedding":
            _write_sentence_files(folder, task, sizes.dim)
        shutil.copyfile(run.tokenizer_folder / vocabulary.FILE, folder / vocabulary.FILE)
    return notes


def sizes_in(tree, run):
    """Return the `Sizes` of a resolved recipe.

    Args:
        tree: The recipe's.
        run: What is exported, for messages.

    Raises:
        ExportError: The model differs from BERT in more than its sizes.
    """
    model = _with_norms(tree["model"])
    problem = f"{run} cannot be written for Transformers: "
    try:
        block = model["encoder"]["block"]
        sizes = Sizes(
            vocab_size=vocab_size(tree),
            dim=model["dim"],
            layers=model["encoder"]["layers"],
            heads=block["attention"]["heads"],
            hidden_dim=block["feed_forward"]["hidden_dim"],
            positions=model["position"]["max_length"],
            segments=model["segments"],
            activation=block["feed_forward"]["activation"],
            epsilon=model["norm"]["epsilon"],
            dropout=model["dropout"],
            attention_dropout=block["attention"]["dropout"],
        )
    except (KeyError, TypeError):
        raise ExportError(f"{problem}its model has not the parts of `model/bert`.") from None
    if sizes.activation not in bert_config.ACTIVATIONS.values():
        raise ExportError(f"{problem}it has no activation `{sizes.activation}`.")
    expected = recipes.load({"model": {**sizes.model(), "vocab_size": 1}}).tree["model"]
    differences = list(_differences(expected, model, "model"))
    width = block["attention"]["head_dim"]
    if width is not None and width * sizes.heads != sizes.dim:
        differences.append(
            f"`model.encoder.block.attention.head_dim` must be {sizes.dim // sizes.heads}, but is {width}"
        )
    if differences:
        raise ExportError(f"{problem}{'; '.join(differences)}.")
    return sizes


def _with_norms(model):
    """Return the section `model` with the normalization that it has where it names none."""
    epsilon = registry.describe("norm", "layer_norm").parameters["epsilon"].default
    norm = {"type": "layer_norm", "epsilon": epsilon}
    encoder = model.get("encoder") or {}
    block = encoder.get("block") or {}
    block = {**block, "norm": block.get("norm") or norm}
    return {**model, "norm": model.get("norm") or norm, "encoder": {**encoder, "block": block}}


def _differences(expected, model, path):
    for key in {**expected, **model}:
        wanted, found = expected.get(key), model.get(key)
        if isinstance(wanted, dict) and isinstance(found, dict):
            yield from _differences(wanted, found, f"{path}.{key}")
        elif wanted != found and key not in FREE:
            yield f"`{path}.{key}` must be {wanted}, but is {found}"


def _tensors(model, sizes):
    """Return {their name: `Place`}, and notes on the heads left out."""
    found = places(model)
    unknown = dict.fromkeys(place.part for place in found.values() if place.is_head and place.name not in HEADS)
    notes = [f"Transformers has no head like `{part}`: it was left out." for part in unknown]
    if not is_like_theirs(sizes) and any(place.part == MASKED_LM for place in found.values()):
        unknown.update(dict.fromkeys(PRETRAINING))
        notes.append("Transformers' head of pre-training has the encoder's activation and epsilon: ours was left out.")
    heads = {HEADS[name]: place for name, place in found.items() if name in HEADS and place.part not in unknown}
    prefix = PREFIX if heads else ""
    backbone = {prefix + their_name(name, TENSORS): place for name, place in found.items() if not place.is_head}
    return {**backbone, **heads}, notes


def _config(sizes, tensors, task):
    parts = tuple(dict.fromkeys(place.part for place in tensors.values() if place.is_head))
    count = tensors["classifier.bias"].shape[0] if parts == ("classifier",) else None
    more = {"model_type": MODEL_TYPE, "pad_token_id": 0, "dtype": "float32"}
    return {**bert_config.config_of(sizes), **head_settings(task, parts, count), **more}


def _longest(task, sizes):
    """Return the most tokens of a text; tasks that read windows read longer ones."""
    cuts = task.get("type") in ("classification", "regression", "sentence_embedding")
    return min((task.get("length") if cuts else None) or sizes.positions, sizes.positions)


def _tokenizer_config(tokenizer, longest):
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}
    settings = {"do_lower_case": tokenizer["lowercase"] is not False, "strip_accents": tokenizer["strip_accents"]}
    return {"tokenizer_class": "BertTokenizer", **settings, "model_max_length": longest, **special}


def _write_sentence_files(folder, task, dim):
    for name, value in sentence_files(task, dim).items():
        (folder / name).parent.mkdir(exist_ok=True)
        write_json(folder / name, value)
    if task["normalize"]:
        (folder / NORMALIZE).mkdir()  # it has no settings


def _array(name, place):
    array = place.variable.numpy()
    return np.ascontiguousarray(array.T) if is_transposed(name) else array  # safetensors writes views wrongly
