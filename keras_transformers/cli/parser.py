"""The argument parser of `keras-transformers VERB`, and how exceptions become messages and exit statuses."""

import argparse
import errno
import os
import sys

from .. import __version__
from ..errors import KerasTransformersError
from . import commands

SENTENCES = {
    errno.ENOSPC: "No space is left on the device",
    errno.EDQUOT: "The disk quota is used up",
    errno.EACCES: "Permission is denied",
    errno.EPERM: "Permission is denied",
    errno.EROFS: "The file system is read-only",
    errno.EISDIR: "A file was expected, but there is a folder",
    errno.ENOTDIR: "A folder was expected, but there is a file",
    errno.ENOENT: "There is no such file or folder",
    errno.ENAMETOOLONG: "The name is too long",
    errno.ELOOP: "The link goes in a circle",
    errno.EBUSY: "The folder is in use, perhaps as a mount point: name a folder in it",
    errno.EXDEV: "The folder is on another file system than its parent: name a folder in it",
    errno.EIO: "The device failed to read or write",
}
INTERRUPTED = 130
BROKEN_PIPE = 141  # as a process that SIGPIPE ended

EXAMPLES = """\
examples:
  keras-transformers list                                 what there is
  keras-transformers show attention/multi_head            a component and its parameters
  keras-transformers show dates                           a recipe and what it resolves to
  keras-transformers validate my_recipe.yaml              every problem, with its line
  keras-transformers train dates --run runs/dates         train; Ctrl-C, then --resume goes on
  keras-transformers evaluate runs/dates                  score on held-out text
  keras-transformers export runs/dates exported           one SavedModel, strings in, strings out
  echo '3 de mayo de 2021' | keras-transformers predict exported
"""


def main(argv=None):
    """Run the command line and return its exit status.

    Args:
        argv: Arguments without the program's name; by default those of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    args = parser().parse_args(argv)
    try:
        status = args.command(args) or 0
        sys.stdout.flush()
        return status
    except KerasTransformersError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes standard output once more at exit: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        if error.errno not in SENTENCES:
            raise
        where = f": {error.filename}" if error.filename is not None else ""
        print(f"{SENTENCES[error.errno]}{where}.", file=sys.stderr)
        return 2


def parser():
    """Return the argument parser; each verb's function is its `command`."""
    root = argparse.ArgumentParser(
        prog="keras-transformers",
        description="Build, train, evaluate, export and run Transformers that are described by recipes.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action="version", version=f"keras-transformers {__version__}")
    verbs = root.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_light(verbs)
    _add_training(verbs)
    _add_exchange(verbs)
    _add_looking(verbs)
    _add_registry(verbs)
    return root


def _verb(verbs, name, command, summary, *examples):
    lines = "\n".join(f"  keras-transformers {example}" for example in examples)
    verb = verbs.add_parser(
        name,
        help=summary[0].lower() + summary[1:].rstrip("."),
        description=summary,
        epilog=f"examples:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.set_defaults(command=command, plugin=[], json=False)
    return verb


def _add_light(verbs):
    verb = _verb(verbs, "list", commands.list_, "List components, recipes or plugins.",
                 "list", "list attention", "list recipes", "list plugins --json")  # fmt: skip
    verb.add_argument("what", nargs="?", metavar="SLOT|recipes|plugins", help="one group; by default all")
    _options(verb, "plugin", "json")

    verb = _verb(verbs, "show", commands.show, "Show a component's parameters, or what a recipe resolves to.",
                 "show attention/multi_head", "show multi_head", "show transformer_base",
                 "show my_recipe.yaml --set model.dim=256",
                 "show exported                       # a SavedModel's signatures, and its recipe")  # fmt: skip
    verb.add_argument("name", metavar="NAME", help="SLOT/NAME, a bare name, a recipe's name or path, or a SavedModel")
    _options(verb, "set", "plugin", "json")

    verb = _verb(verbs, "validate", commands.validate, "Check recipes and report every problem with its place.",
                 "validate my_recipe.yaml", "validate dates --set training.epochs=3",
                 "validate my_recipe.yaml --plugin my_layers.py")  # fmt: skip
    verb.add_argument("recipes", nargs="+", metavar="RECIPE", help="a shipped recipe's name, or a path")
    _options(verb, "set", "plugin", "json")

    verb = _verb(verbs, "schema", commands.schema, "Print the JSON Schema of recipes, for editors.",
                 "schema > recipe.schema.json")  # fmt: skip
    _options(verb, "plugin")


def _add_training(verbs):
    verb = _verb(verbs, "train", commands.train, "Train a recipe.",
                 "train dates --run runs/dates",
                 "train multi30k_ende --run runs/m --set data.root=DIR --set training.epochs=20",
                 "train my_recipe.yaml --run runs/mine --plugin my_layers.py",
                 "train dates --run runs/dates --resume")  # fmt: skip
    verb.add_argument("recipe", metavar="RECIPE", help="a shipped recipe's name, or a path")
    verb.add_argument("--run", metavar="DIR", help="run directory; by default runs/RECIPE")
    again = verb.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on where the run in DIR stopped")
    again.add_argument("--overwrite", action="store_true", help="delete the run in DIR and start anew")
    _options(verb, "set", "plugin", "json")

    verb = _verb(verbs, "evaluate", commands.evaluate, "Score a model on held-out text.",
                 "evaluate runs/dates", "evaluate runs/dates --split valid --json",
                 "evaluate exported --out scored.jsonl",
                 "evaluate runs/m --set data.test.source=new.en --set data.test.target=new.de")  # fmt: skip
    verb.add_argument("model", metavar="RUN|SAVEDMODEL", help="a run directory or an exported model")
    verb.add_argument("--split", choices=("test", "valid", "train"), default="test", help="by default test")
    verb.add_argument("--out", metavar="FILE", help="file of JSON lines to write: answers and their scores")
    _ensemble(verb)
    _options(verb, "set", "plugin", "json")

    verb = _verb(verbs, "predict", commands.predict, "Answer each line of text with a line.",
                 "predict runs/dates dates.txt --out answers.txt",
                 "predict exported < dates.txt", "predict exported dates.txt --json",
                 "predict runs/tags texts.txt --set task.length=64",
                 "predict runs/pairs pairs.tsv        # two inputs: two columns",
                 "predict runs/dates --set 'task.search={type: beam, beams: 8}' --n-best 3 --scores")  # fmt: skip
    verb.add_argument("model", metavar="RUN|SAVEDMODEL", help="a run directory or an exported model")
    verb.add_argument("file", nargs="?", default="-", metavar="FILE", help="UTF-8 text; by default standard input")
    verb.add_argument("--out", metavar="FILE", help="file to write; by default standard output")
    _options(verb, "set", "plugin")
    verb.add_argument("--n-best", type=_count, metavar="K",
                      help="of what generates, K answers a line: its number, a tab, the answer")  # fmt: skip
    verb.add_argument("--scores", action="store_true", help="before each answer its log-probability, and a tab")
    verb.add_argument("--prefix", metavar="TEXT", help="how each answer begins")
    _ensemble(verb)
    verb.add_argument("--seed", type=_natural, metavar="N", help="of a search that draws its answers")
    verb.add_argument("--json", action="store_true", help="a JSON object a line, with all outputs")

    verb = _verb(verbs, "complete", commands.complete, "Say how a prompt goes on, word by word as it is said.",
                 "complete runs/gpt 'Return a new list'",
                 "complete runs/gpt 'Return' --set 'task.search={type: sample, top_p: 0.9}' --seed 7")  # fmt: skip
    verb.add_argument("run", metavar="RUN", help="a run directory, of a language model or a translation")
    verb.add_argument("prompt", nargs="?", metavar="PROMPT", help="by default standard input")
    verb.add_argument("--seed", type=_natural, metavar="N", help="of a search that draws its words")
    verb.set_defaults(json=False)
    _options(verb, "set", "plugin")

    verb = _verb(verbs, "score", commands.score, "Give the log-probability of each line, as what the model would say.",
                 "score runs/dates pairs.tsv          # SOURCE TAB TARGET a line",
                 "score exported pairs.tsv --tokens", "score runs/gpt texts.txt --json")  # fmt: skip
    verb.add_argument("model", metavar="RUN|SAVEDMODEL", help="a run directory or an exported model")
    verb.add_argument("file", nargs="?", default="-", metavar="FILE", help="UTF-8 text; by default standard input")
    verb.add_argument("--tokens", action="store_true", help="also each token and its log-probability, after tabs")
    _ensemble(verb)
    verb.add_argument("--out", metavar="FILE", help="file to write; by default standard output")
    _options(verb, "plugin")
    verb.add_argument("--json", action="store_true", help="a JSON object a line")


def _add_exchange(verbs):
    verb = _verb(verbs, "import", commands.import_, "Make a run of a checkpoint of BERT.",
                 "import uncased_L-12_H-768_A-12 runs/bert",
                 "import all-MiniLM-L6-v2 runs/minilm --overwrite",
                 "import cased_L-12_H-768_A-12 runs/cased --set tokenizer.lowercase=false")  # fmt: skip
    verb.add_argument("checkpoint", metavar="PATH",
                      help="folder of Hugging Face, Google (or a .ckpt prefix) or KerasHub, or a run")  # fmt: skip
    verb.add_argument("directory", metavar="OUT", help="run directory to make")
    verb.add_argument("--overwrite", action="store_true", help="replace a run in OUT")
    _options(verb, "set", "plugin", "json")

    verb = _verb(verbs, "export", commands.export, "Write a run's model as one SavedModel, strings in, answers out.",
                 "export runs/dates exported", "export runs/dates exported --overwrite",
                 "export runs/bert exported --format huggingface",
                 "export runs/dates exported --format ctranslate2",
                 "export runs/dates exported --weights int8",
                 "export runs/tags exported --set task.length=64")  # fmt: skip
    verb.add_argument("model", metavar="RUN", help="a run directory")
    verb.add_argument("directory", metavar="DIR", help="folder to write")
    verb.add_argument("--overwrite", action="store_true", help="replace an exported model in DIR")
    verb.add_argument("--format", choices=("savedmodel", "huggingface", "ctranslate2"), default="savedmodel",
                      help="by default savedmodel; huggingface: a folder for Transformers, of a BERT; ctranslate2: one "
                           "for CTranslate2, of a Transformer that translates")  # fmt: skip
    verb.add_argument("--weights", choices=("float32", "bfloat16", "int8"), default="float32",
                      help="as what a SavedModel keeps its matrices, by default float32; the others make it smaller, "
                           "and each call a little slower")  # fmt: skip
    _ensemble(verb)
    _options(verb, "set", "plugin")


def _add_looking(verbs):
    verb = _verb(verbs, "embed", commands.embed, "Give a vector for each line of text, or for each word of it.",
                 "embed runs/bert texts.txt --out vectors.npz", "embed runs/bert --unit word < texts.txt",
                 "embed runs/bert texts.txt --unit word --layer 4 --out words.jsonl")  # fmt: skip
    verb.add_argument("model", metavar="RUN", help="a run directory of an encoder, such as BERT")
    verb.add_argument("file", nargs="?", default="-", metavar="FILE", help="UTF-8 text; by default standard input")
    verb.add_argument("--unit", choices=("sentence", "word"), default="sentence", help="by default sentence")
    verb.add_argument("--layer", type=int, metavar="N", help="the block whose output is taken; by default the last")
    verb.add_argument("--pooling", choices=("mean", "cls"), help="for sentences; by default the run's, or mean")
    verb.add_argument("--out", metavar="FILE",
                      help=".npz (NumPy) or .jsonl (JSON lines); by default JSON lines to standard output")  # fmt: skip
    _options(verb, "plugin")

    verb = _verb(verbs, "attend", commands.attend, "Draw what each head of each layer attends to.",
                 'attend runs/dates "3 de mayo de 2021"',
                 'attend runs/m "Two dogs run." --second "Zwei Hunde laufen." --out dogs.html',
                 'attend runs/bert "Who wrote it?" --second "It was written by Ada." --out pair.png')  # fmt: skip
    verb.add_argument("model", metavar="RUN", help="a run directory")
    verb.add_argument("text", metavar="TEXT", help="what the model reads")
    verb.add_argument("--second", metavar="TEXT", help="the second text of a pair; of a translation model, "
                      "the translation to look at instead of its own")  # fmt: skip
    verb.add_argument("--out", metavar="FILE", default="attention.html",
                      help="page (.html) or picture (.png); by default attention.html")  # fmt: skip
    _options(verb, "plugin")


def _add_registry(verbs):
    verb = _verb(verbs, "registry", None, "Keep the manifests equal to the code, for developers.",
                 "registry check", "registry sync", "registry sync PLUGIN_PACKAGE_FOLDER")  # fmt: skip
    inner = verb.add_subparsers(title="verbs", metavar="VERB", required=True)
    verb = _verb(inner, "sync", commands.registry_sync, "Write the manifests from signatures and docstrings.",
                 "registry sync", "registry sync src/acme_attention")  # fmt: skip
    verb.add_argument("package", nargs="?", metavar="FOLDER", help="package folder of a plugin; by default the library")
    _verb(inner, "check", commands.registry_check, "Report where manifests and code differ.",
          "registry check")  # fmt: skip


def _options(verb, *names):
    if "set" in names:
        verb.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                          help="override a key, such as model.dim=256; VALUE is YAML; may be repeated")  # fmt: skip
    if "plugin" in names:
        verb.add_argument("--plugin", action="append", default=[], metavar="FILE|FOLDER|MODULE",
                          help="Python file, package folder or installed module that registers components; "
                               "it is executed; may be repeated")  # fmt: skip
    if "json" in names:
        verb.add_argument("--json", action="store_true", help="print JSON for programs")


def _ensemble(verb):
    verb.add_argument("--ensemble", action="append", default=[], metavar="RUN",
                      help="another run of the same vocabulary, to answer together; may be given again")  # fmt: skip


def _count(text):
    """Return a whole number of at least 1."""
    number = _natural(text)
    if not number:
        raise argparse.ArgumentTypeError("must be at least 1, but is 0.")
    return number


def _natural(text):
    """Return a whole number of at least 0."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise argparse.ArgumentTypeError(f"must be a whole number, but is {text!r}.")
    if digits != text:
        raise argparse.ArgumentTypeError(f"must be at least 0, but is {text}.")
    return int(text)
