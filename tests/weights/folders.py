"""A small folder of each kind that `import` reads, every file of it with its usual settings."""

import json

import numpy as np
import tensorflow as tf
from small_bert import CONFIG, PIECES, write_folder
from tokenizers import BertWordPieceTokenizer

from keras_transformers.weights.bert_checkpoint import their_name
from keras_transformers.weights.google import NAMES
from keras_transformers.weights.tensor_names import places

SPECIAL = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}
LABELS = {"0": "ant", "1": "bee", "2": "cat"}
CLASSIFIER = {
    "classifier.weight": np.ones((3, 22), "float32"),
    "classifier.bias": np.ones(3, "float32"),
    "cls.predictions.bias": np.ones(29, "float32"),
}


def hugging_face(path, tensors):
    """Write a folder of Transformers, of a classifier, and return its path."""
    config = {**CONFIG, "architectures": ["BertForSequenceClassification"], "id2label": LABELS}
    config["keras_transformers"] = {"task": "classification", "pair": False}  # what else is told
    write_folder(path, {**tensors, **CLASSIFIER}, config)
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512, **SPECIAL}
    write_json(path / "tokenizer_config.json", settings)
    write_json(path / "special_tokens_map.json", SPECIAL)
    write_tokenizer_json(path)
    return path


def sentence_transformers(path, tensors):
    """Write a folder of sentence-transformers, and return its path."""
    write_folder(path, tensors, {**CONFIG, "architectures": ["BertModel"]})
    write_json(path / "tokenizer_config.json", {"do_lower_case": False})
    kinds = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dropout", "Dropout"), ("2_Normalize", "Normalize"))
    modules = [
        {"idx": number, "name": str(number), "path": folder, "type": f"sentence_transformers.models.{kind}"}
        for number, (folder, kind) in enumerate(kinds)
    ]
    write_json(path / "modules.json", modules)
    write_json(path / "sentence_bert_config.json", {"max_seq_length": 11, "do_lower_case": False})
    write_json(path / "config_sentence_transformers.json", {"prompts": {"query": ""}, "default_prompt_name": None})
    write_json(path / "1_Pooling" / "config.json", {"word_embedding_dimension": 22, "pooling_mode_mean_tokens": True})
    write_json(path / "2_Dropout" / "config.json", {"dropout": 0.1})
    write_json(path / "2_Normalize" / "config.json", {})
    return path


def google(path, model):
    """Write a folder as Google's, with what an optimizer leaves in it, and return its path."""
    path.mkdir()
    arrays = {their_name(name, NAMES): place.variable.numpy() for name, place in places(model).items()}
    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session() as session:
        for name, array in arrays.items():
            tf.compat.v1.get_variable(name, initializer=array)
            tf.compat.v1.get_variable(f"{name}/adam_m", initializer=0.0)
        tf.compat.v1.get_variable("global_step", initializer=7)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, str(path / "bert_model.ckpt"), write_meta_graph=False)
    (path / "checkpoint").unlink()
    write_json(path / "bert_config.json", {name: value for name, value in CONFIG.items() if name != "model_type"})
    (path / "vocab.txt").write_text("\n".join(PIECES))
    return path


def write_tokenizer_json(path, **settings):
    """Write tokenizer.json as PyPI `tokenizers` does for a BERT."""
    tokenizer = BertWordPieceTokenizer(str(path / "vocab.txt"), **settings)
    tokenizer.save(str(path / "tokenizer.json"))


def write_json(path, value):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def change_json(path, values, keys=()):
    """Change values of a JSON file, those at `keys` deep in it; None leaves a value out."""
    content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    inner = content
    for key in keys:
        inner = inner[key]
    for name, value in values.items():
        inner.pop(name, None)
        if value is not None:
            inner[name] = value
    write_json(path, content)
