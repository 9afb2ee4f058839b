"""What each verb of the command line does. TensorFlow and Keras are imported inside the heavy ones."""

import contextlib
import dataclasses
import sys
from pathlib import Path

from .. import registry
from ..errors import DataError, KerasTransformersError, RecipeError, UnknownComponent, did_you_mean
from ..files import to_json, whole
from .backend import import_keras, require_tensorflow


def list_(args):
    """Print the slots and what fills them, one slot, the recipes or the plugins."""
    from . import listing

    _load_plugins(args)
    special = {"recipes": listing.recipe_facts, "plugins": listing.plugin_facts}
    if args.what:
        if args.what not in (*special, *registry.slots()):
            near = did_you_mean(args.what, [*special, *registry.slots()])
            groups = ", ".join([*registry.slots(), *special])
            raise UnknownComponent(f"There is no slot `{args.what}`.{near} What can be listed: {groups}.")
        facts = special.get(args.what, lambda: listing.slot_facts(args.what))()
        if args.json:
            _print_json(facts)
        else:
            print("\n".join(listing.table(facts)) or f"There are no {args.what}.")
        return
    groups = {slot: listing.slot_facts(slot) for slot in registry.slots()}
    groups |= {name: facts() for name, facts in special.items()}
    if args.json:
        _print_json(groups)
        return
    print("\n".join("\n".join([name, *listing.table(facts), ""]) for name, facts in groups.items() if facts).rstrip())


def show(args):
    """Print one component or one recipe."""
    from ..recipe import load
    from ..recipe import names as recipe_names
    from ..recipe.files import is_file
    from . import listing

    _load_plugins(args)
    if listing.is_saved_model(args.name):
        if args.set:
            raise RecipeError(f"{args.name} is a SavedModel, which is as it was exported: leave --set out.")
        print(to_json(listing.saved_model_facts(args.name)) if args.json else listing.saved_model_text(args.name))
        return
    if args.name in recipe_names() or is_file(args.name):
        recipe = load(args.name, args.set)
        if args.json:
            _print_json(listing.recipe_data(recipe))
        else:
            print(listing.recipe_text(recipe))
        for component in listing.components(args.name):
            also = f"{component.slot}/{component.name}"
            print(f"`{also}` is a component too: keras-transformers show {also}", file=sys.stderr)
        return
    found = listing.find_components(args.name)
    if len(found) > 1:
        where = ", ".join(f"{component.slot}/{component.name}" for component in found)
        raise KerasTransformersError(f"`{args.name}` is in several slots; write one of {where}.")
    if args.json:
        _print_json(listing.component_facts(found[0]))
    else:
        print(listing.component_text(found[0]))


def validate(args):
    """Check recipes, report every problem of each, and return 2 if there is any."""
    from ..recipe import load

    _load_plugins(args)
    answers = []
    for recipe in args.recipes:
        try:
            load(recipe, args.set)
            answers.append({"recipe": recipe, "valid": True, "problems": []})
        except RecipeError as error:
            problems = [dataclasses.asdict(problem) for problem in error.problems]
            answers.append({"recipe": recipe, "valid": False, "problems": problems})
            if not args.json:
                print(error, file=sys.stderr)
        else:
            if not args.json:
                print(f"{recipe} is valid.")
    if args.json:
        _print_json(answers)
    return 0 if all(answer["valid"] for answer in answers) else 2


def schema(args):
    """Print the JSON Schema of recipes."""
    from ..recipe import schema

    _load_plugins(args)
    _print_json(schema())


def train(args):
    """Train a recipe; what is wrong with it or its folder is said before TensorFlow is loaded."""
    from ..recipe import load
    from ..runs.run import load_run, refuse_existing, run_path

    _load_plugins(args)
    path = run_path(load(args.recipe, args.set), args.run)
    if args.resume:
        load_run(path)
    else:
        refuse_existing(path, args.overwrite)
    with _heavy(args) as keep_in:
        from ..api.train import train

        result = train(
            args.recipe,
            run=args.run,
            overrides=args.set,
            resume=args.resume,
            overwrite=args.overwrite,
            plugins=args.plugin,
            log=keep_in,
        )
    if args.json:
        _print_json({"run": str(result), **result.report})


def evaluate(args):
    """Score a model on text."""
    _check_model(args)
    _check_output(args.out)
    with _heavy(args):
        from ..api.evaluate import evaluate

        scores = evaluate(_model(args), args.split, args.set, args.out)
    if args.json:
        _print_json(scores)
        return
    width = max((len(name) for name in scores), default=0)
    for name, value in scores.items():
        print(f"{name:<{width}}  {f'{value:.4g}' if isinstance(value, float) else value}")


def predict(args):
    """Read lines, print the model's answer to each; the model is looked for before they are read."""
    from ..api.predict import answerer, answers
    from .chatter import chatter_kept

    _check_model(args)
    _check_output(args.out, args.file)
    lines = _read_lines(args.file)
    if args.scores or not (args.n_best is args.seed is args.prefix is None):
        _predict_several(args, lines)
        return
    with _heavy(args):
        answer = answerer(_model(args), args.set)
    found = answers(answer, lines)
    cut = 0
    with chatter_kept(), _output(args.out) as out:
        for outputs in found:
            cut += bool(outputs.get("truncated"))
            shown = outputs if args.json else outputs[answer.answer]
            print(shown if isinstance(shown, str) else to_json(shown, only_ascii=_only_ascii(out)), file=out)
    if cut:
        print(f"{cut} of {len(lines)} texts are longer than the model reads, and were cut.", file=sys.stderr)


def _predict_several(args, lines):
    """Print the answers to each line, a line each: the number of the line where there may be several, and scores."""
    from ..api.asking import Asking, ask
    from .chatter import chatter_kept

    asking = Asking(args.n_best or (None if args.json else 1), args.seed, args.prefix)
    with _heavy(args):
        found = ask(_model(args), lines, args.set, asking)
    with chatter_kept(), _output(args.out) as out:
        for number, answers in enumerate(found, start=1):
            if args.json:
                print(to_json(answers, only_ascii=_only_ascii(out)), file=out)
                continue
            for text, score in zip(answers["texts"], answers["scores"], strict=True):
                columns = [str(number)] if args.n_best is not None else []
                columns += [f"{score:.4f}"] if args.scores else []
                print("\t".join([*columns, text]), file=out)


def complete(args):
    """Print what follows a prompt, word by word as it is said."""
    from ..api.complete import complete as pieces
    from ..runs.run import load_run

    load_run(args.run)
    prompt = args.prompt if args.prompt is not None else "\n".join(_read_lines("-"))
    with _heavy(args):
        found = pieces(args.run, prompt, args.set, args.seed)
        for piece in found:
            print(piece, end="", flush=True)
    print()


def score(args):
    """Read lines, print the log-probability of each; the model is looked for before they are read."""
    from ..api.score import columns_of_lines, scorer, scores
    from .chatter import chatter_kept

    _check_model(args)
    _check_output(args.out, args.file)
    lines = _read_lines(args.file)
    with _heavy(args):
        answer = scorer(_model(args))
    columns = columns_of_lines(answer, lines)
    with chatter_kept(), _output(args.out) as out:
        for found in scores(answer, columns, args.tokens):
            if args.json:
                print(to_json(found, only_ascii=_only_ascii(out)), file=out)
                continue
            pairs = zip(found.get("tokens", ()), found.get("token_scores", ()))
            print("\t".join([f"{found['score']:.4f}", *(f"{token} {each:.4f}" for token, each in pairs)]), file=out)


def import_(args):
    """Make a run of a checkpoint, and print its folder."""
    with _heavy(args):
        from ..api.import_checkpoint import import_checkpoint

        run = import_checkpoint(args.checkpoint, args.directory, overwrite=args.overwrite, overrides=args.set)
    for note in run.report["notes"]:
        print(note, file=sys.stderr)
    if args.json:
        _print_json({"run": str(run), **run.report})
    else:
        print(run)


def export(args):
    """Write a run's model as a SavedModel or for another library, and print its folder."""
    from ..runs.run import load_run

    load_run(args.model)
    with _heavy(args):
        if args.set and args.format != "savedmodel":
            raise RecipeError(f"--set changes what a SavedModel answers; leave it out with --format {args.format}.")
        if args.format == "huggingface" and not args.ensemble and args.weights == "float32":
            from ..api.export_huggingface import export_huggingface

            for note in export_huggingface(args.model, args.directory, overwrite=args.overwrite):
                print(note, file=sys.stderr)
            print(args.directory)
            return
        from ..api.export import export

        given = {"overwrite": args.overwrite, "overrides": args.set, "format": args.format, "weights": args.weights}
        print(export(_model(args), args.directory, **given))


def embed(args):
    """Read lines, write their vectors, or those of their words."""
    from ..runs.run import load_run

    load_run(args.model)
    if args.unit == "word" and args.pooling is not None:
        raise DataError(f"`--pooling` is for sentences, but --unit is word: leave out --pooling {args.pooling}.")
    _check_ending(args.out, ".npz", ".jsonl")
    _check_output(args.out, args.file)
    lines = _read_lines(args.file)
    with _heavy(args):
        from ..api.embed import CUT, Embedder
        from ..api.embed.output import json_line, write_npz

        embedder = Embedder(args.model, args.unit, args.layer, args.pooling)
    archive = args.out is not None and args.out.lower().endswith(".npz")
    with _output(args.out, "wb" if archive else "w") as out:
        if archive:
            write_npz(out, lines, embedder(lines), embedder.dim)
        else:
            for line, found in zip(lines, embedder(lines)):
                print(json_line(line, found, _only_ascii(out)), file=out)
    if embedder.cut:
        print(CUT.format(cut=embedder.cut, total=len(lines), longest=embedder.longest), file=sys.stderr)


def attend(args):
    """Draw a model's attention to a text, and print the file's name."""
    from ..runs.run import load_run

    load_run(args.model)
    _check_ending(args.out, ".html", ".png")
    with _heavy(args):
        from ..api.attend import attend

        for note in attend(args.model, args.text, args.second).write(args.out):
            print(note, file=sys.stderr)
    print(args.out)


def registry_sync(args):
    """Write the manifests from signatures and docstrings."""
    from ..recipe.problem import shown
    from ..registry import manifest

    import_keras()
    changed = manifest.sync_plugin(args.package) if args.package else manifest.sync()
    for path in changed:
        print(shown(path))
    if not changed:
        print("The manifests agree with the code.")


def registry_check(args):
    """Report where manifests and code differ, and return 2 if they do."""
    from ..registry import manifest

    import_keras()
    differences = manifest.check()
    for difference in differences:
        print(difference, file=sys.stderr)
    if differences:
        print("`keras-transformers registry sync` writes the manifests.", file=sys.stderr)
        return 2
    print("The manifests agree with the code.")
    return 0


def _load_plugins(args):
    """Import what the user names with --plugin, which imports Keras; no light verb does without it."""
    if args.plugin:
        import_keras()
    for plugin in args.plugin:
        registry.load_plugin(plugin)


@contextlib.contextmanager
def _heavy(args):
    """Prepare for Keras; with --json, what it prints goes to standard error.

    Yields:
        A function of a run's folder, for what TensorFlow says meanwhile, as of `chatter_kept`.
    """
    from .chatter import chatter_kept

    import_keras()
    require_tensorflow()
    _load_plugins(args)
    with chatter_kept() as keep_in, contextlib.redirect_stdout(sys.stderr) if args.json else contextlib.nullcontext():
        yield keep_in


def _model(args):
    """Return the run or SavedModel that is named, or several runs that answer together."""
    if not args.ensemble:
        return args.model
    from ..runs.ensemble import ensemble

    return ensemble([args.model, *args.ensemble])


def _check_model(args):
    """Refuse a folder that is neither a run nor a SavedModel."""
    from ..api.export import is_saved_model
    from ..runs.run import load_run

    if not is_saved_model(args.model):
        load_run(args.model)


def _read_lines(name):
    """Return the lines of a text file, or of standard input for `-`, without their ends."""
    from ..data.sources.text_files import TextFile

    try:  # at once: it may be a pipe
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}.") from None
    return list(TextFile(Path("Standard input" if name == "-" else name), None, content).lines())


def _check_ending(path, *endings):
    """Refuse a name for `--out` that does not tell what is to be written."""
    if path is not None and not path.lower().endswith(endings):
        raise DataError(f"`--out` must end in {' or '.join(endings)}, but is {path}.")


def _check_output(path, source="-"):
    """Refuse an `--out` that cannot be written, before time is spent on what goes into it."""
    if path is None:
        return
    path = Path(path)
    if path.is_dir():
        raise DataError(f"`--out` must name a file, but {path} is a folder.")
    if not path.parent.is_dir():
        raise DataError(f"{path} cannot be written: there is no folder {path.parent}.")
    if path.exists() and source != "-" and Path(source).exists() and path.samefile(source):
        raise DataError(f"`--out` must name another file than the one that is read, {source}.")


@contextlib.contextmanager
def _output(path, mode="w"):
    """Yield the stream to write answers to; a file appears only when it is whole."""
    if path is None:
        yield sys.stdout
        return
    with whole(path, mode) as stream:
        yield stream


def _print_json(value):
    print(to_json(value, indent=2, only_ascii=_only_ascii(sys.stdout)))


def _only_ascii(stream):
    """Tell whether a stream cannot hold all of Unicode: JSON then escapes the rest in its own way."""
    return "utf" not in (getattr(stream, "encoding", None) or "utf-8").lower()
