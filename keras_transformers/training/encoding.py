"""Trains or loads the tokenizer, and encodes examples into batches."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..data.batches.batching import Batches
from ..recipe.recipe import Recipe
from ..registry import describe
from ..registry.assemble import assemble
from ..tasks.task import Task
from ..text.tokenizer import Tokenizer
from .examples import Examples
from .fingerprint import Fingerprint


@dataclass(frozen=True)
class Encoded:
    """Text as ids, in batches.

    Args:
        examples: The `Examples`, whose recipe now says how many ids there are.
        tokenizer: What made the ids.
        train: The batches of the training text.
        valid: Those of the validation text; None: there is none.
        fingerprint: What tells these batches from others.
        notes: What is to be said of it, such as what was dropped, one sentence each.
    """

    examples: Examples
    tokenizer: Tokenizer = field(repr=False)
    train: Batches = field(repr=False)
    valid: Batches | None = field(repr=False)
    fingerprint: Fingerprint
    notes: tuple[str, ...] = ()

    @property
    def recipe(self) -> Recipe:
        """The recipe, in which all is settled."""
        return self.examples.recipe

    @property
    def task(self) -> Task:
        """The task."""
        return self.examples.task


def new_tokenizer(examples: Examples, folder: Path) -> Tokenizer:
    """Return the tokenizer of a new training, and write it to `folder`.

    It is that of the weights to begin with, or else one that learns from the training text.

    Args:
        examples: `Examples`, settled.
        folder: Where its files go; made if it does not exist.

    Raises:
        DataError: The text does not support the vocabulary asked for.
        CheckpointError: The weights to begin with have no vocabulary that can be read.
    """
    tree = examples.recipe.tree
    tokenizer: Tokenizer = assemble("tokenizer", tree["tokenizer"])
    if tree.get("weights") is None:
        examples.task.train_tokenizer(tokenizer, examples.train, folder)
        return tokenizer
    from ..weights import open_checkpoint

    folder.mkdir(exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    open_checkpoint(tree["weights"]).write_tokenizer(folder)
    tokenizer.load(folder)
    return tokenizer


def _fewer_pieces(spec: dict[str, Any], tokenizer: Tokenizer, at: str = "tokenizer") -> list[str]:
    """Return notes where the training text has given fewer pieces than the recipe asks for, beyond the default."""
    if tokenizer.source is not tokenizer.target:
        sides = ("source", tokenizer.source), ("target", tokenizer.target)
        return [note for name, side in sides for note in _fewer_pieces(spec[name], side, f"{at}.{name}")]
    asked, size = spec.get("vocab_size"), tokenizer.size
    if asked is None or asked <= size:
        return []
    if asked == describe("tokenizer", spec["type"]).parameters["vocab_size"].default:
        return []
    return [f"`{at}.vocab_size` is {asked}, but the training text gives no more than {size} pieces: it has these."]


def _sizes(tree: dict[str, Any], tokenizer: Tokenizer) -> dict[str, int]:
    """Return what the vocabularies say of the model, by its path in the recipe."""
    sizes = {"model.vocab_size": tokenizer.target.size}
    sides = tokenizer.source is not tokenizer.target
    if sides and "source_vocab_size" in describe("model", tree["model"]["type"]).parameters:
        sizes["model.source_vocab_size"] = tokenizer.source.size
    return sizes


def encode(examples: Examples, tokenizer: Tokenizer) -> Encoded:
    """Return the `Encoded` of `Examples`.

    Args:
        examples: `Examples`, settled.
        tokenizer: A `Tokenizer` with its vocabulary.

    Raises:
        DataError: The examples do not fit the task, or none is left.
    """
    recipe, task, data = examples.recipe, examples.task, examples.data
    limits = data.batch_tokens, data.max_length, recipe.tree["seed"]
    train, notes = task.encode(examples.train, tokenizer, *limits, "data.train")
    valid = None
    if examples.valid is not None:
        valid, more = task.encode(examples.valid, tokenizer, *limits, "data.valid")
        notes = [*notes, *more, *task.notes_on_references(examples.valid, tokenizer, "data.valid")]
    if recipe.tree.get("weights") is None:  # else the size is that of their embedding
        notes = [*_fewer_pieces(recipe.tree["tokenizer"], tokenizer), *notes]
        examples = replace(examples, recipe=recipe.with_overrides(_sizes(recipe.tree, tokenizer)))
    return Encoded(examples, tokenizer, train, valid, Fingerprint.of(examples, train, valid), tuple(notes))
