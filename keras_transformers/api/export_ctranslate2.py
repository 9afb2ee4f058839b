"""Exports a run that translates as a folder that CTranslate2 loads.

DIR/
  model.bin, config.json
  shared_vocabulary.json, or source_vocabulary.json and target_vocabulary.json: the pieces, in the order of their ids
  tokenizer/   the files that the run's tokenizer was made of
"""

import shutil
from pathlib import Path

from ..errors import ExportError
from ..files import Kind, StrPath, refuse_existing, replacing, writing
from ..runs.run import Run, opened

MODEL = "model.bin"
CONFIG = "config.json"
TOKENIZER = "tokenizer"
VOCABULARIES = {f"{name}_vocabulary.json" for name in ("shared", "source", "target")}
KIND = Kind("a CTranslate2 folder", MODEL, frozenset({MODEL, CONFIG, TOKENIZER, *VOCABULARIES}))


def export_ctranslate2(run: Run | StrPath, directory: StrPath, overwrite: bool = False) -> Path:
    """Write the final model of a run as a folder that `ctranslate2.Translator` loads, and return its path.

    It is float32; `Translator(path, compute_type="int8")` quantizes it.

    Args:
        run: A `Run`, or its folder.
        directory: The folder to write.
        overwrite: Replace such a folder.

    Raises:
        RunError: It is not a finished run.
        ExportError: CTranslate2 is not installed or cannot express the model, or the folder is taken or cannot be
            written.
    """
    run = opened(run)
    directory = Path(directory)
    refuse_existing(directory, KIND, overwrite, ExportError)
    from ..weights.ctranslate2 import SPECIAL, differences, spec

    model = run.model()
    problem = f"{run} cannot be written for CTranslate2: "
    found = list(dict.fromkeys(differences(model)))
    if found:
        raise ExportError(f"{problem}{'; '.join(found)}.")
    try:
        import ctranslate2  # noqa: F401
    except ImportError:
        raise ExportError(
            "CTranslate2's own package writes its files: pip install 'keras-transformers[ctranslate2]'."
        ) from None
    tokenizer = run.tokenizer()
    sides = (tokenizer.source, model.embed.embedding.vocab_size), (tokenizer.target, model.vocab_size)
    written = spec(model, *(_pieces(side, SPECIAL, size, problem) for side, size in sides))
    written.validate()
    written.optimize()
    with replacing(directory, ExportError) as folder, writing(directory, ExportError):
        written.save(str(folder))
        shutil.copytree(run.tokenizer_folder, folder / TOKENIZER)
    return directory


def _pieces(tokenizer, special, size, problem):
    """Return the piece of each id, the first ones by names of their own.

    Rows of an embedding that have no piece get one that no text has.

    Raises:
        ExportError: Two ids have the same.
    """
    pieces = [*special, *tokenizer.pieces(range(len(special), tokenizer.size))]
    seen = {}
    for number, piece in enumerate(pieces):
        if piece in seen:
            raise ExportError(
                f"{problem}it tells tokens apart by their pieces, but ids {seen[piece]} and {number} of the tokenizer "
                f"are both {piece!r}."
            )
        seen[piece] = number
    return [*pieces, *(f"<unused {number}>" for number in range(len(pieces), size))]
