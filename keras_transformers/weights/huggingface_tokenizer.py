"""The tokenizer of a Hugging Face folder: tokenizer_config.json, special_tokens_map.json, tokenizer.json, vocab.txt.

Transformers' BertTokenizer is the one that this library repeats; others may cut text into other pieces.
"""

import sys

from ..errors import CheckpointError
from . import vocabulary
from .bert_checkpoint import StoredTokenizer
from .json_config import read_json
from .known_settings import ADDED_TOKENS_DECODER, SPECIAL_TOKENS_MAP, TOKENIZER_CONFIG
from .settings import check, shown
from .tokenizer_json import FILE as TOKENIZER_JSON
from .tokenizer_json import TokenizerJson, read_switch

CONFIG = "tokenizer_config.json"
SPECIAL_MAP = "special_tokens_map.json"
ADDED = "added_tokens.json"

LIKE_BERT = {
    f"{name}Tokenizer{ending}"
    for name in ("Bert", "DistilBert", "Electra", "MobileBert", "ConvBert", "SqueezeBert", "RetriBert", "LayoutLM",
                 "Lxmert", "DPRQuestionEncoder", "DPRContextEncoder", "DPRReader")
    for ending in ("", "Fast", "Legacy")
}  # fmt: skip
"""Classes of Transformers that are BertTokenizer by other names."""

FROM_JSON = ("PreTrainedTokenizerFast", "TokenizersBackend")
"""Classes of Transformers that do what tokenizer.json says, and nothing else."""

DEFAULTS = {"do_lower_case": True, "strip_accents": None}
"""What BertTokenizer does where tokenizer_config.json says nothing, whatever tokenizer.json says."""

SHOWN = 5
"""Added tokens of many that a message shows."""


def read_tokenizer(folder, config, rows):
    """Return the `StoredTokenizer` of a folder.

    Args:
        folder: Path of the folder.
        config: Its config.json.
        rows: Of the embedding.

    Raises:
        CheckpointError: There is no vocabulary, or text is cut otherwise than BERT does.
    """
    file = folder / CONFIG
    settings = _read(file)
    alone = _class_of(settings, config, folder) in FROM_JSON
    notes = [*check(settings, TOKENIZER_CONFIG, file), *_check_rest(settings, file)]
    special_map = _read(folder / SPECIAL_MAP)
    notes += check(special_map, SPECIAL_TOKENS_MAP, folder / SPECIAL_MAP)
    stored = TokenizerJson(folder / TOKENIZER_JSON, rows, alone) if (folder / TOKENIZER_JSON).is_file() else None
    pieces, source, more = _pieces(folder, stored)
    own = _read(folder / ADDED)
    _check_ids(own, pieces, folder / ADDED)
    notes += _check_decoder(settings.get("added_tokens_decoder") or {}, pieces, file)
    added = {**own, **dict.fromkeys(stored.added if stored else ())}
    for said in (settings, special_map):
        added.update(dict.fromkeys(_added(said)))
    notes += [*(stored.notes if stored else ()), *more, *_added_notes(added, folder)]
    values = {}
    for ours, theirs in (("lowercase", "do_lower_case"), ("strip_accents", "strip_accents")):
        values[ours], more = _said(ours, stored, theirs, settings, alone, file)
        notes += more
    return StoredTokenizer(pieces, source, cut=stored.cut if stored else None, notes=tuple(notes), **values)


def _read(file):
    """Return the object of a file, `{}` if it is not there; a special token that is an object is its content."""
    settings = read_json(file) if file.is_file() else {}
    return {
        key: value["content"] if key.endswith("_token") and isinstance(value, dict) and "content" in value else value
        for key, value in settings.items()
    }


def _class_of(settings, config, folder):
    """Return the class of the tokenizer, which must cut text as BERT's.

    Raises:
        CheckpointError: It is another.
    """
    file = folder / (CONFIG if settings.get("tokenizer_class") is not None else "config.json")
    found = settings.get("tokenizer_class") or config.get("tokenizer_class") or "BertTokenizer"
    if found in FROM_JSON and (folder / TOKENIZER_JSON).is_file():
        return found
    if found in FROM_JSON:
        raise CheckpointError(f"{file}: `tokenizer_class` is {found}, which is all in {TOKENIZER_JSON}; it is missing.")
    if not isinstance(found, str) or found not in LIKE_BERT:
        raise CheckpointError(
            f"{file}: `tokenizer_class` must be BertTokenizer or one that is the same, but is {shown(found)}, which "
            "may cut text into other pieces than the model was trained on."
        )
    return found


def _check_rest(settings, file):
    """Return sentences on settings whose values are lists.

    Raises:
        CheckpointError: `never_split` keeps words whole.
    """
    kept = settings.get("never_split") or []
    strange = [piece for piece in kept if piece not in vocabulary.SPECIAL] if isinstance(kept, list) else [kept]
    if strange:
        raise CheckpointError(
            f"{file}: `never_split` must name no words but BERT's special pieces, but names {shown(strange[0])}."
        )
    names = settings.get("model_input_names")
    if isinstance(names, list) and "token_type_ids" not in names:
        return [f"{file}: `model_input_names` has no token_type_ids; here the second text of a pair has segment 1."]
    return []


def _pieces(folder, stored):
    """Return the pieces, the file that they are of, and sentences for the user.

    Raises:
        CheckpointError: There is no vocabulary.
    """
    file = folder / vocabulary.FILE
    if not file.is_file():
        if stored is None:
            raise CheckpointError(f"{folder} holds neither {vocabulary.FILE} nor {TOKENIZER_JSON}: no vocabulary.")
        return stored.pieces, stored.path, []
    pieces = vocabulary.read_pieces(file)
    if stored is None or _ids(pieces) == _ids(stored.pieces):
        return pieces, file, []
    return stored.pieces, stored.path, [
        f"{file} and {stored.path} hold different vocabularies; the latter's is used, as Transformers does."
    ]  # fmt: skip


def _ids(pieces):
    return {piece: index for index, piece in enumerate(pieces) if piece}


def _said(ours, stored, theirs, settings, alone, file):
    """Return a switch as the file says that Transformers heeds, or None, and a sentence if the other differs."""
    value = read_switch(settings, theirs, file)
    other = getattr(stored, ours, None)
    first, second = (other, value) if alone else (value, other)
    if alone and ours == "strip_accents" and first is None:
        return None, []  # as `lowercase`
    if first is None:
        default = DEFAULTS[theirs]
        if alone or second in (None, default):
            return second, []
        return second, [
            f"{stored.path}, `normalizer`, says `{ours}` is {shown(second)}, and so it is done; Transformers' "
            f"BertTokenizer would take {shown(default)}, as {CONFIG} does not say `{theirs}`."
        ]
    if second is None or first == second:
        return first, []
    names = (f"{stored.path}, `normalizer`", f"{file}, `{theirs}`")
    winner, loser = names if alone else names[::-1]
    return first, [f"{loser}, is {shown(second)}, but Transformers does as {winner}, says: {shown(first)}."]


def read_length(folder):
    """Return the most tokens of a text by tokenizer_config.json, or None.

    Raises:
        CheckpointError: It is no number.
    """
    file = folder / CONFIG
    settings = _read(file)
    length = settings.get("model_max_length", settings.get("max_len"))
    if length is None:
        return None
    if isinstance(length, bool) or not isinstance(length, (int, float)) or not length > 2:
        raise CheckpointError(f"{file}: `model_max_length` must be a number above 2, but is {shown(length)}.")
    return int(min(length, sys.maxsize))  # 10³⁰ is how Transformers writes that there is no limit


def _check_ids(ids, pieces, place):
    """Raise if BERT's own tokens, given again as {token: id}, have another id than in the vocabulary.

    Raises:
        CheckpointError: One has.
    """
    for token, index in ids.items():
        if token in vocabulary.SPECIAL and token in pieces and pieces.index(token) != index:
            raise CheckpointError(f"{place} gives {token} the id {shown(index)}, the vocabulary {pieces.index(token)}.")


def _check_decoder(decoder, pieces, file):
    """Return sentences on BERT's own tokens that are found in texts in other ways than here.

    Raises:
        CheckpointError: One has another id than in the vocabulary, or it is no dict of tokens by their ids.
    """
    notes = []
    tokens = decoder.values() if isinstance(decoder, dict) else [decoder]
    if not all(isinstance(token, dict) for token in tokens):
        raise CheckpointError(f"{file}: `added_tokens_decoder` must hold tokens by their ids, but is {shown(decoder)}.")
    for index, token in decoder.items():
        content = token.get("content")
        if content in vocabulary.SPECIAL:
            place = f"{file}: `added_tokens_decoder`"
            _check_ids({content: int(index) if index.isdecimal() else index}, pieces, place)
            notes += check(token, ADDED_TOKENS_DECODER, f"{file}, `added_tokens_decoder`, {content}")
    return notes


def _added(settings):
    """Yield the tokens beyond BERT's own that a file of Transformers says to be found in texts."""
    decoder = settings.get("added_tokens_decoder")
    lists = [settings.get(key) or [] for key in ("additional_special_tokens", "extra_special_tokens")]
    lists.append(list((decoder or {}).values()))
    for tokens in lists:
        tokens = tokens.values() if isinstance(tokens, dict) else tokens
        for token in tokens if not isinstance(tokens, str) else [tokens]:
            yield str(token.get("content") if isinstance(token, dict) else token)


def _added_notes(added, folder):
    """Return the sentence on tokens that texts may name, in a list, empty if there are none."""
    strange = [f"`{token}`" for token in added if token not in vocabulary.SPECIAL]
    if not strange:
        return []
    names = ", ".join([*strange[:SHOWN], *(["…"] if len(strange) > SHOWN else [])])
    count, them = ("1 token", "it") if len(strange) == 1 else (f"{len(strange):,} tokens", "them")
    return [
        f"{folder} adds {count} to BERT's ({names}): texts that hold {them} are cut like any other text, not at {them}."
    ]
