"""Reads tokenizer.json of PyPI `tokenizers`, and refuses what is not BERT's."""

import json

from ..errors import CheckpointError
from . import vocabulary
from .json_config import read_json
from .known_settings import ADDED_TOKEN, BERT_NORMALIZER, TOKENIZER_JSON, WORDPIECE_MODEL
from .settings import check, shown

FILE = "tokenizer.json"

_FIRST = {"Sequence": {"id": "A", "type_id": 0}}
_SECOND = {"Sequence": {"id": "B", "type_id": 1}}
SINGLE = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, _FIRST, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
PAIR = [*SINGLE, _SECOND, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]
"""How BERT joins a text, and two, in the file's own words."""


class TokenizerJson:
    """What tokenizer.json says; whatever of it this library cannot repeat is refused.

    Args:
        path: The file.
        rows: Of the embedding.
        alone: Whether nothing else says how text is cut, so that what is null there is not done.

    Attributes:
        pieces: The vocabulary, by id.
        lowercase: Whether text becomes lower case; None: not said.
        strip_accents: Whether accents are left out; None: not said, or if `lowercase`.
        added: Tokens that it finds in texts beyond BERT's own.
        cut: The most tokens of a text, or None.
        notes: Sentences for the user.

    Raises:
        CheckpointError: It is damaged, or asks for another tokenizer than BERT's.
    """

    def __init__(self, path, rows, alone):
        self.path = path
        self.file = read_json(path)
        self.notes = check(self.file, TOKENIZER_JSON, path)
        self.pieces = self._read_pieces(rows)
        self.lowercase, self.strip_accents = self._read_normalizer(alone)
        self._check_pre_tokenizer(alone)
        self._check_post_processor(alone)
        self.added = self._read_added()
        self.cut = self._read_truncation()

    def _read_pieces(self, rows):
        """Return the pieces by their ids; an id that none has gets an empty one, which no text has."""
        model = self.file.get("model")
        model = model if isinstance(model, dict) else {}
        self.notes += check(model, WORDPIECE_MODEL, f"{self.path}, `model`")
        ids = model.get("vocab")
        if not isinstance(ids, dict) or not _distinct(ids.values()):
            raise CheckpointError(f"{self.path} holds no WordPiece vocabulary.")
        highest = max(ids.values(), default=0)
        if highest >= rows:
            raise CheckpointError(
                f"{self.path} holds the id {highest:,} in its vocabulary, but the embedding has {rows:,} rows."
            )
        pieces = [""] * (highest + 1)
        for piece, index in ids.items():
            pieces[index] = piece
        return pieces

    def _read_normalizer(self, alone):
        """Return whether text becomes lower case, and whether accents are left out; None where not said."""
        steps = _steps(self.file.get("normalizer"), "normalizers")
        lower_first = [_kind(step) for step in steps] == ["Lowercase", "BertNormalizer"]
        if lower_first:  # as sentence-transformers' `do_lower_case` adds it
            steps = steps[1:]
        if not steps:
            self._refuse_missing("normalizer", "BertNormalizer", alone)
            return None, None
        if [_kind(step) for step in steps] != ["BertNormalizer"]:
            self._refuse("normalizer", "BertNormalizer", [_kind(step) for step in steps])
        where = f"{self.path}, `normalizer`"
        self.notes += check(steps[0], BERT_NORMALIZER, where)
        lowercase = read_switch(steps[0], "lowercase", where)
        accents = read_switch(steps[0], "strip_accents", where)
        if lower_first and not lowercase:
            lowercase, accents = True, bool(accents)
        return lowercase, accents

    def _check_pre_tokenizer(self, alone):
        kinds = [_kind(step) for step in _steps(self.file.get("pre_tokenizer"), "pretokenizers")]
        if not kinds:
            self._refuse_missing("pre_tokenizer", "BertPreTokenizer", alone)
        elif kinds != ["BertPreTokenizer"]:
            self._refuse("pre_tokenizer", "BertPreTokenizer", kinds)

    def _check_post_processor(self, alone):
        steps = _steps(self.file.get("post_processor"), "processors")
        if not steps:
            if alone:
                self.notes.append(
                    f"{self.path} adds no [CLS] and [SEP] to texts; this library does, as BERT reads them."
                )
            return
        step = steps[0] if len(steps) == 1 else {}
        if _kind(step) == "TemplateProcessing" and step.get("single") == SINGLE and step.get("pair") in (PAIR, None):
            return
        marks = [mark[0] if isinstance(mark, list) and mark else None for mark in (step.get("cls"), step.get("sep"))]
        if _kind(step) == "BertProcessing" and marks == ["[CLS]", "[SEP]"]:
            return
        raise CheckpointError(
            f"{self.path}: `post_processor` must join texts as BERT does, [CLS] A [SEP] B [SEP], but is "
            f"{' and '.join(str(_kind(one)) for one in steps)} that joins them otherwise."
        )

    def _read_added(self):
        """Return the contents of added tokens that are none of BERT's own."""
        added = self.file.get("added_tokens") or []
        if not isinstance(added, list) or not all(isinstance(one, dict) for one in added):
            raise CheckpointError(f"{self.path} is damaged: `added_tokens` is no list of tokens.")
        for token in added:
            content, index = token.get("content"), token.get("id")
            if content in vocabulary.SPECIAL:
                self.notes += check(token, ADDED_TOKEN, f"{self.path}, `added_tokens`, {content}")
                if not isinstance(index, int) or self.pieces[index : index + 1] != [content]:
                    raise CheckpointError(
                        f"{self.path}: `added_tokens` gives {content} the id {shown(index)}, its vocabulary another."
                    )
        return [str(one.get("content")) for one in added if one.get("content") not in vocabulary.SPECIAL]

    def _read_truncation(self):
        truncation = self.file.get("truncation")
        length = truncation.get("max_length") if isinstance(truncation, dict) else None
        return length if type(length) is int and length > 0 else None

    def _refuse_missing(self, key, wanted, alone):
        if alone:
            self._refuse(key, wanted, ["null"])

    def _refuse(self, key, wanted, found):
        raise CheckpointError(f"{self.path}: `{key}` must be {wanted}, but is {' and '.join(map(str, found))}.")


def read_switch(settings, key, path):
    """Return a setting that is true, false or, as if it were not there, null: then None.

    Raises:
        CheckpointError: It is something else.
    """
    value = settings.get(key)
    if value is not None and not isinstance(value, bool):
        raise CheckpointError(f"{path}: `{key}` must be true or false, but is {json.dumps(value)}.")
    return value


def _steps(part, key):
    """Return the steps of a part of the tokenizer, which may be one or a `Sequence` of them."""
    if part is None:
        return []
    inner = part.get(key) if _kind(part) == "Sequence" else None
    return [part] if not isinstance(inner, list) else [step for one in inner for step in _steps(one, key)]


def _kind(step):
    return step.get("type") if isinstance(step, dict) else shown(step)


def _distinct(ids):
    """Return whether ids are natural numbers, each once."""
    ids = list(ids)
    return all(type(one) is int and one >= 0 for one in ids) and len(set(ids)) == len(ids)
