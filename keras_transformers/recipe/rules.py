"""Rules between several values of a recipe, which no single parameter's bounds can say.

A rule is a generator over the resolved tree that yields (key path, sentence). The tree may lack
values that are wrong in themselves, so a rule speaks only where it finds all that it compares.
"""


def check_rules(tree):
    """Return a list of (key path as a tuple, message) for every rule that the tree breaks."""
    return [broken for rule in RULES for broken in rule(tree)]


def heads_divide_dim(tree):
    """Attention splits the model's width evenly, unless the width of a head is given."""
    dim = _get(tree, "model", "dim")
    for path, component in _components(_get(tree, "model"), ("model",)):
        heads = component.get("heads")
        if _all_ints(dim, heads) and component.get("head_dim") is None and dim % heads:
            yield (*path, "heads"), f"`heads` must divide `model.dim` ({dim}), but is {heads}."


def sinusoids_come_in_pairs(tree):
    """Half of the sinusoidal channels are sines, half cosines."""
    dim = _get(tree, "model", "dim")
    for _, component in _components(_get(tree, "model"), ("model",)):
        if component.get("type") == "sinusoidal" and _all_ints(dim) and dim % 2:
            yield ("model", "dim"), f"`dim` must be even for `position/sinusoidal`, but is {dim}."
            return


def learned_positions_suffice(tree):
    """A table of positions must be as long as the longest sentence that the data lets through."""
    longest = _get(tree, "data", "max_length")
    for path, component in _components(_get(tree, "model"), ("model",)):
        table = component.get("max_length")
        if component.get("type") == "learned" and _all_ints(longest, table) and table < longest:
            message = f"`max_length` must be at least `data.max_length` ({longest}), but is {table}."
            yield (*path, "max_length"), message


def batches_hold_an_example(tree):
    """The longest sequence, or the longest source and target of an encoder-decoder, must fit into one batch."""
    longest, batch = _get(tree, "data", "max_length"), _get(tree, "data", "batch_tokens")
    times, twice = (1, "") if _get(tree, "model", "decoder") is None else (2, "twice ")
    if _all_ints(longest, batch) and batch < times * longest:
        message = f"`batch_tokens` must be at least {twice}`max_length` ({longest}), but is {batch}."
        yield ("data", "batch_tokens"), message


def averaged_epochs_exist(tree):
    """No more epochs are averaged than are trained."""
    last, epochs = _get(tree, "training", "average_last"), _get(tree, "training", "epochs")
    if _all_ints(last, epochs) and last > epochs:
        message = f"`average_last` must be at most `epochs` ({epochs}), but is {last}."
        yield ("training", "average_last"), message


def frozen_blocks_exist(tree):
    """No more blocks are frozen than the encoder has."""
    frozen, blocks = _get(tree, "training", "freeze"), _get(tree, "model", "encoder", "layers")
    if _all_ints(frozen, blocks) and frozen > blocks:
        message = f"`freeze` must be at most `model.encoder.layers` ({blocks}), but is {frozen}."
        yield ("training", "freeze"), message


def matching_needs_two_texts(tree):
    """Only of two texts can one be looked for in the other."""
    initialization, segments = _get(tree, "model", "initialization"), _get(tree, "model", "segments")
    if initialization == "matching" and _all_ints(segments) and segments != 2:
        yield ("model", "segments"), f"`segments` must be 2 for `initialization: matching`, but is {segments}."


def text_needs_a_tokenizer(tree):
    """Where a task reads data, the text must become ids."""
    if "tokenizer" not in tree or tree["tokenizer"] is not None:
        return
    for key in ("task", "data"):
        if tree.get(key) is not None:
            yield ("tokenizer",), f"missing; a recipe with `{key}` needs a tokenizer."
            return


def vocabulary_is_known(tree):
    """Without a tokenizer, the model itself must say how many tokens there are."""
    model = _get(tree, "model")
    if "tokenizer" not in tree or tree["tokenizer"] is not None or not isinstance(model, dict):
        return
    sizes = [component["vocab_size"] for _, component in _components(model, ()) if "vocab_size" in component]
    if sizes and not any(sizes) and not any(tree.get(key) for key in ("task", "data")):
        yield ("model", "vocab_size"), "missing; a recipe without a tokenizer must say how many tokens there are."


RULES = (
    heads_divide_dim,
    sinusoids_come_in_pairs,
    learned_positions_suffice,
    batches_hold_an_example,
    averaged_epochs_exist,
    frozen_blocks_exist,
    matching_needs_two_texts,
    text_needs_a_tokenizer,
    vocabulary_is_known,
)


def _components(value, path):
    """Yield (path, component) for the component at `path` and all beneath it."""
    if isinstance(value, dict):
        if "type" in value:
            yield path, value
        for key, child in value.items():
            yield from _components(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _components(child, (*path, index))


def _get(tree, *keys):
    for key in keys:
        if not isinstance(tree, dict):
            return None
        tree = tree.get(key)
    return tree


def _all_ints(*values):
    return all(isinstance(value, int) and not isinstance(value, bool) for value in values)
