"""SentencePiece models as other programs have them: made with SentencePiece's own library, not with ours."""

import io

import sentencepiece

SPECIAL = {
    "sentencepiece": {},  # its own defaults: unknown 0, beginning 1, end 2, no padding
    "t5": {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1},
    "marian": {"eos_id": 0, "unk_id": 1, "bos_id": -1, "pad_id": -1},
    "fairseq": {"bos_id": 0, "pad_id": 1, "eos_id": 2, "unk_id": 3},
    "ours": {"pad_id": 0, "unk_id": 1, "bos_id": 2, "eos_id": 3},
}
"""Where programs have the special ids."""


def given_model(sentences, path, special="sentencepiece", size=97, **options):
    """Write a model and return SentencePiece's own processor of it."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences), model_writer=model, vocab_size=size, minloglevel=2, hard_vocab_limit=False,
        **SPECIAL[special], **options,
    )  # fmt: skip
    path.write_bytes(model.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def model_of(pieces, path, kind="UNIGRAM"):
    """Write a model of these pieces, by their scores, with nothing normalized, and return the processor of it."""
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto()
    kinds = sentencepiece_model_pb2.ModelProto.SentencePiece
    special = (("<pad>", kinds.CONTROL), ("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL))
    for name, of in special:
        proto.pieces.add(piece=name, score=0.0, type=of)
    for piece, score in pieces.items():
        proto.pieces.add(piece=piece, score=score, type=kinds.NORMAL)
    trainer = proto.trainer_spec
    trainer.model_type = trainer.ModelType.Value(kind)
    trainer.pad_id, trainer.unk_id, trainer.bos_id, trainer.eos_id = range(4)
    proto.normalizer_spec.name = "identity"
    proto.normalizer_spec.add_dummy_prefix = False
    proto.normalizer_spec.remove_extra_whitespaces = False
    path.write_bytes(proto.SerializeToString())
    return sentencepiece.SentencePieceProcessor(model_proto=path.read_bytes())
