"""Tables of all known keys in checkpoint files, format by format: used, harmless, refused or reported.

The keys are those that Transformers 2 to 5, sentence-transformers 1 to 6, google-research/bert and KerasHub write into
the folders of a BERT, and older names that are met in published ones. What is no key here is told to the user.
"""

from .settings import harmless, only, told, used

_NEW_WEIGHTS = "how weights were once initialised"
_CALL = "given anew in each call of Transformers"
_GENERATION = "only generated text depends on it"
_LAYOUT = "how results are handed out or computed, not what they are"
_PROVENANCE = "where the files come from"
_GOOGLE = "Google's code does not read it"
_MASKS = "a recipe that trains with masked tokens says how they are drawn"
_OUR_SIDE = "this library puts padding after the text, and cuts a text at its end"

GOOGLE_CONFIG = {
    **used("vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size max_position_embeddings"),
    **used("type_vocab_size layer_norm_eps hidden_dropout_prob attention_probs_dropout_prob hidden_act"),
    **used("embedding_size"),  # must be hidden_size
    "directionality": only("bidi"),
    **harmless(_NEW_WEIGHTS, "initializer_range"),
    **harmless(_GOOGLE, "pooler_fc_size pooler_num_attention_heads pooler_num_fc_layers pooler_size_per_head"),
    **harmless(_GOOGLE, "pooler_type"),
}
"""bert_config.json."""

HUGGING_FACE_CONFIG = {
    **GOOGLE_CONFIG,
    **used("model_type architectures classifier_dropout problem_type id2label tie_word_embeddings"),
    **used("tokenizer_class keras_transformers"),
    "position_embedding_type": only("absolute"),
    "is_decoder": only(False),
    "add_cross_attention": only(False),
    "is_encoder_decoder": only(False),
    "cross_attention_hidden_size": only(None),
    "pad_token_id": only(0),
    "pruned_heads": only({}),
    "per_layer_config": only({}),
    "quantization_config": only(None),
    "auto_map": only({}),
    "prefix": told("it is not put before texts", ""),
    "sbert_ce_default_activation_function": told(
        "sentence-transformers' CrossEncoder passes its score through it, `predict` does not",
        "torch.nn.modules.linear.Identity",
    ),
    "sentence_transformers": told(
        "sentence-transformers' CrossEncoder passes its score through that function, `predict` does not"
    ),
    **harmless("as `id2label`, or by the shape of the head", "label2id num_labels _num_labels"),
    **harmless(_PROVENANCE, "_name_or_path name_or_path _commit_hash transformers_version finetuning_task"),
    **harmless(_PROVENANCE, "task_specific_params language"),
    **harmless("weights are float32 here", "torch_dtype dtype use_bfloat16"),
    **harmless(_LAYOUT, "gradient_checkpointing output_attentions output_hidden_states return_dict torchscript"),
    **harmless(_LAYOUT, "chunk_size_feed_forward attn_implementation _attn_implementation xla_device output_past"),
    **harmless(_LAYOUT, "_attn_implementation_autoset _attn_implementation_internal tf_legacy_loss is_composition"),
    **harmless(_LAYOUT, "use_cache tie_encoder_decoder"),
    **harmless(_GENERATION, "bos_token_id eos_token_id eos_token_ids sep_token_id decoder_start_token_id max_length"),
    **harmless(_GENERATION, "min_length do_sample early_stopping num_beams num_beam_groups temperature top_k top_p"),
    **harmless(_GENERATION, "typical_p repetition_penalty length_penalty no_repeat_ngram_size bad_words_ids"),
    **harmless(_GENERATION, "encoder_no_repeat_ngram_size num_return_sequences output_scores suppress_tokens"),
    **harmless(_GENERATION, "return_dict_in_generate forced_bos_token_id forced_eos_token_id diversity_penalty"),
    **harmless(_GENERATION, "remove_invalid_values exponential_decay_length_penalty begin_suppress_tokens"),
}
"""config.json of Transformers."""

_SPECIAL_TOKENS = {
    "unk_token": only("[UNK]"),
    "sep_token": only("[SEP]"),
    "pad_token": only("[PAD]"),
    "cls_token": only("[CLS]"),
    "mask_token": only("[MASK]"),
    **used("additional_special_tokens extra_special_tokens"),  # told together with the added tokens
    **harmless(_GENERATION, "bos_token eos_token"),
}

TOKENIZER_CONFIG = {
    **_SPECIAL_TOKENS,
    **used("tokenizer_class do_lower_case strip_accents model_max_length max_len added_tokens_decoder never_split"),
    **used("model_input_names"),
    "tokenize_chinese_chars": only(True),
    "do_basic_tokenize": only(True),
    "do_split_on_punc": only(True),
    "clean_text": only(True),
    "wordpieces_prefix": only("##"),
    "do_word_tokenize": only(True),
    "do_subword_tokenize": only(True),
    "word_tokenizer_type": only("basic"),
    "subword_tokenizer_type": only("wordpiece"),
    "mecab_kwargs": only(None),
    "sudachi_kwargs": only(None),
    "jumanpp_kwargs": only(None),
    "auto_map": only({}),
    "split_special_tokens": told("a text that names a special piece, such as [MASK], gets it", False),
    "padding_side": told(_OUR_SIDE, "right"),
    "truncation_side": told(_OUR_SIDE, "right"),
    **harmless(_CALL, "max_length stride truncation truncation_strategy padding pad_to_multiple_of pad_token_type_id"),
    **harmless(_CALL, "pad_to_max_length return_token_type_ids return_attention_mask verbose errors"),
    **harmless("how ids become text", "clean_up_tokenization_spaces decoder"),
    **harmless("it makes prompts of conversations", "chat_template response_template response_schema"),
    **harmless(_PROVENANCE, "vocab_file tokenizer_file special_tokens_map_file full_tokenizer_file name_or_path"),
    **harmless(_PROVENANCE, "processor_class use_fast backend is_local local_files_only files_loaded init_inputs"),
    **harmless(_PROVENANCE, "fast_tokenizer_files device_map model_specific_special_tokens"),
}
"""tokenizer_config.json of Transformers."""

SPECIAL_TOKENS_MAP = _SPECIAL_TOKENS
"""special_tokens_map.json of Transformers."""

TOKENIZER_JSON = {
    **used("added_tokens normalizer pre_tokenizer post_processor model truncation"),
    **harmless(_CALL, "padding"),
    **harmless("how ids become text", "decoder"),
    **harmless(_PROVENANCE, "version"),
}
"""tokenizer.json of PyPI `tokenizers`."""

WORDPIECE_MODEL = {
    **used("vocab"),
    "type": only("WordPiece"),
    "unk_token": only("[UNK]"),
    "continuing_subword_prefix": only("##"),
    "max_input_chars_per_word": only(100),
}
"""`model` in tokenizer.json."""

BERT_NORMALIZER = {
    **used("type strip_accents lowercase"),
    "clean_text": only(True),
    "handle_chinese_chars": only(True),
}
"""`normalizer` in tokenizer.json."""

ADDED_TOKEN = {
    **used("id content"),
    "single_word": only(False),
    "normalized": only(False),
    **harmless("spaces are no part of BERT's words", "lstrip rstrip"),
    **harmless("how ids become text", "special __type"),
}
"""One of `added_tokens` in tokenizer.json that is a piece of BERT's own, such as [MASK]."""

_ANYWHERE = "texts get this piece where they spell it exactly so, inside words, too"

ADDED_TOKENS_DECODER = {**ADDED_TOKEN, "single_word": told(_ANYWHERE, False), "normalized": told(_ANYWHERE, False)}
"""One of `added_tokens_decoder` in tokenizer_config.json that is a piece of BERT's own."""

MODULES = {
    **used("type path"),
    **harmless("the order is that of the list", "idx name"),
    "kwargs": told("what is passed on to this module in each call is not used", []),
}
"""One of the list in modules.json of sentence-transformers."""

SENTENCE_BERT_CONFIG = {
    **used("max_seq_length do_lower_case"),
    "transformer_task": only("feature-extraction"),
    "module_output_name": only("token_embeddings"),
    "modality_config": only({"text": {"method": "forward", "method_output_name": "last_hidden_state"}}),
    "tokenizer_name_or_path": told("the tokenizer is the folder's own"),
    "processing_kwargs": told("texts are read as BERT's are", {}),
    "query_length": told("queries are read as any text"),
    "document_length": told("documents are read as any text"),
    "query_expansion": told("queries are read as any text"),
    **dict.fromkeys(
        ("model_args", "model_kwargs", "tokenizer_args", "processor_kwargs", "config_args", "config_kwargs"),
        told("what it passes to Transformers is not used", {}, {"trust_remote_code": False}),
    ),
    **harmless(_LAYOUT, "unpad_inputs backend cache_dir"),
}
"""sentence_bert_config.json of sentence-transformers, also called sentence_roberta_config.json and the like."""

SENTENCE_TRANSFORMERS_CONFIG = {
    **used("prompts default_prompt_name model_type"),
    "similarity_fn_name": told("vectors are compared by their cosine", "cosine", "dot"),  # dot: unless normalized
    "truncate_dim": told("vectors are given at their full width"),
    **harmless(_PROVENANCE, "__version__ requirements"),
}
"""config_sentence_transformers.json."""

POOLING = {
    **used("pooling_mode pooling_mode_cls_token pooling_mode_mean_tokens pooling_mode_max_tokens include_prompt"),
    **used("pooling_mode_mean_sqrt_len_tokens pooling_mode_weightedmean_tokens pooling_mode_lasttoken"),
    **harmless("as the model is wide", "word_embedding_dimension embedding_dimension"),
}
"""config.json of sentence-transformers' Pooling."""

NORMALIZE = {
    "module_input_name": only("sentence_embedding"),
    "module_output_name": only("sentence_embedding"),
}
"""config.json of sentence-transformers' Normalize, which most folders leave out."""

DROPOUT = harmless("answers are given without dropout", "dropout")
"""config.json of sentence-transformers' Dropout."""

KERASHUB_OBJECT = {
    **used("class_name config"),
    "module": told("it is read as KerasHub's own class", "keras_hub.src.models.bert.bert_backbone",
                   "keras_hub.src.models.bert.bert_tokenizer", "keras_nlp.src.models.bert.bert_backbone",
                   "keras_nlp.src.models.bert.bert_tokenizer", "keras_nlp.models.bert.bert_backbone",
                   "keras_nlp.models.bert.bert_tokenizer"),
    **harmless(_PROVENANCE, "registered_name assets weights build_config compile_config shared_object_id"),
}  # fmt: skip
"""What config.json and tokenizer.json of a KerasHub preset hold."""

_KERAS_LAYER = {
    **harmless("a name", "name config_file"),
    **harmless("all is trained that the recipe does not freeze", "trainable"),
}

KERASHUB_BACKBONE = {
    **_KERAS_LAYER,
    **used("dtype"),  # a quantized one is refused
    **used("vocabulary_size num_layers num_heads hidden_dim intermediate_dim dropout max_sequence_length num_segments"),
}
"""`config` in config.json of a preset."""

KERASHUB_TOKENIZER = {
    **_KERAS_LAYER,
    **harmless("of ids", "dtype"),
    **used("lowercase strip_accents"),
    "split": only(True),
    "split_on_cjk": only(True),
    "suffix_indicator": only("##"),
    "oov_token": only("[UNK]"),
    "sequence_length": told("rows of ids are as long as their texts"),
    "special_tokens": told("they are cut as any text is", []),
    **harmless("it is in a file of its own", "vocabulary"),
    **harmless("a text that names a special piece, such as [MASK], gets it", "special_tokens_in_strings"),
}
"""`config` in tokenizer.json of a preset."""

KERASHUB_PREPROCESSOR = {
    **used("config"),
    **harmless("its settings say what it does", "class_name module registered_name build_config"),
}
"""preprocessor.json of a preset, which a task's preprocessor writes."""

KERASHUB_PACKING = {
    **_KERAS_LAYER,
    **used("sequence_length"),
    **harmless("of ids", "dtype"),
    **harmless("it is in a file of its own", "tokenizer"),
    "truncate": told("of two texts, the longer one is cut first", "round_robin"),
    **harmless(_MASKS, "mask_selection_rate mask_selection_length mask_token_rate random_token_rate"),
}
"""`config` in preprocessor.json of a preset."""

TABLES = {
    "Hugging Face": {
        "config.json": HUGGING_FACE_CONFIG,
        "tokenizer_config.json": TOKENIZER_CONFIG,
        "special_tokens_map.json": SPECIAL_TOKENS_MAP,
        "tokenizer.json": TOKENIZER_JSON,
        "tokenizer.json: model": WORDPIECE_MODEL,
        "tokenizer.json: normalizer": BERT_NORMALIZER,
        "tokenizer.json: added_tokens": ADDED_TOKEN,
    },
    "sentence-transformers": {
        "modules.json": MODULES,
        "sentence_bert_config.json": SENTENCE_BERT_CONFIG,
        "config_sentence_transformers.json": SENTENCE_TRANSFORMERS_CONFIG,
        "1_Pooling/config.json": POOLING,
        "2_Normalize/config.json": NORMALIZE,
        "2_Dropout/config.json": DROPOUT,
    },
    "Google": {"bert_config.json": GOOGLE_CONFIG},
    "KerasHub": {
        "config.json": KERASHUB_OBJECT,
        "config.json: config": KERASHUB_BACKBONE,
        "tokenizer.json": KERASHUB_OBJECT,
        "tokenizer.json: config": KERASHUB_TOKENIZER,
        "preprocessor.json": KERASHUB_PREPROCESSOR,
        "preprocessor.json: config": KERASHUB_PACKING,
    },
}
"""Every table: kind of folder, file, key. A test walks it."""
