"""Sentences a second that a search answers from a SavedModel, beside CTranslate2 with the same weights, in turns.

    python benchmarks/decoding.py --ctranslate2 PYTHON                 # a Transformer base of random weights, 24 steps
    python benchmarks/decoding.py --ctranslate2 PYTHON --part growth   # 128 steps against 256
    python benchmarks/decoding.py --ctranslate2 PYTHON --run runs/multi30k --text test_2016_flickr.en

PYTHON is an interpreter that has CTranslate2; this one needs it, too, to write the model for it
(`pip install 'keras-transformers[ctranslate2]'`). Both compute in float32 with two threads, each in the way that is
found best before the turns: of one worker with two threads or two with one, and CTranslate2 also of three batch sizes.

Both stop at the given number of steps, or when their search ends: ours when no beam can become better than what is
found; CTranslate2's, and ours with `--early`, when it has found as many answers as there are beams. Memory is the most
that a process has held, less what it held once the model was loaded.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
THREADS = ((1, 2), (2, 1))
BATCHES = (16, 32, 64)
OURS = "ours"
SEARCHES = {"greedy": 1, "beam 4": 4}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ctranslate2", metavar="PYTHON", help="an interpreter that has CTranslate2")
    parser.add_argument("--part", choices=["speed", "growth"], default="speed", help="default %(default)s")
    parser.add_argument("--run", help="a trained run; default: a random Transformer base")
    parser.add_argument("--text", help="sentences for the run, a line each, plain or .gz")
    parser.add_argument("--alpha", type=float, default=0.6, help="length penalty of beam search; default %(default)s")
    parser.add_argument("--early", action="store_true", help="our beam search ends as CTranslate2's does")
    parser.add_argument("--recipe", default="transformer_base", help="of random weights; default %(default)s")
    parser.add_argument("--vocabulary", type=int, default=32_000, help="its size; default %(default)s")
    parser.add_argument("--sentences", type=int, default=32, help="of random ids; default %(default)s")
    parser.add_argument("--steps", type=int, nargs="+", help="tokens of each answer; default 24, for growth 128 256")
    parser.add_argument("--turns", type=int, default=5, help="default %(default)s")
    parser.add_argument("--int8", action="store_true", help="CTranslate2's int8, and of a run our fewer bits")
    args = parser.parse_args()
    if bool(args.run) != bool(args.text):
        parser.error("--run and --text go together.")
    from keras_transformers.cli.backend import import_keras

    import_keras()
    steps = args.steps or ([24] if args.part == "speed" else [128, 256])
    with tempfile.TemporaryDirectory() as folder:
        work = trained(args, Path(folder)) if args.run else random(args, Path(folder), steps)
        for title, jobs in work:
            measure(title, jobs, args)


def random(args, folder, steps):
    """Yield each table's title and its jobs for a model of random weights: (engine's command, request) by name."""
    import keras
    import numpy as np

    from keras_transformers.api.build import build
    from keras_transformers.decoding import Beam, Greedy

    keras.utils.set_random_seed(0)
    model = build(args.recipe, {"model.vocab_size": args.vocabulary})
    ids = np.random.default_rng(0).integers(4, args.vocabulary, (args.sentences, 20))
    ids[:, -1] = 3
    pieces = [f"t{number}" for number in range(args.vocabulary)]
    if args.ctranslate2:
        pieces = for_ctranslate2(model, pieces, pieces, folder / "ctranslate2")
    for count in steps:
        for name, beams in SEARCHES.items():
            limits = {"max_length": count, "max_ratio": 99.0}
            search = Beam(beams, args.alpha, early=args.early, **limits) if beams > 1 else Greedy(**limits)
            saved = folder / f"{name}_{count}"
            save_search(model, search, saved)
            asked = {"beams": beams, "steps": count, "alpha": args.alpha}
            jobs = own(saved, {**asked, "sources": ids.tolist()})
            if args.ctranslate2:
                sources = [[pieces[one] for one in row[:-1]] for row in ids]
                jobs |= theirs(args, folder / "ctranslate2", {**asked, "sources": sources})
            yield f"{name}, {args.sentences} sources of 20 tokens, {count} steps, random {args.recipe}", jobs


def trained(args, folder):
    """Yield the same for a trained run and its text."""
    import keras_transformers as kt
    from keras_transformers.api.export_ctranslate2 import export_ctranslate2
    from keras_transformers.data.sources.text_files import TextFile

    lines = list(TextFile(Path(args.text)).lines())
    if args.ctranslate2:
        export_ctranslate2(args.run, folder / "ctranslate2")
    for name, beams in SEARCHES.items():
        search = {"type": "beam", "beams": beams, "length_penalty": args.alpha, "early": args.early}
        search = search if beams > 1 else "greedy"
        asked = {"beams": beams, "steps": None, "alpha": args.alpha}
        jobs = {}
        for weights in ("float32", *(["bfloat16", "int8"] if args.int8 else [])):
            saved = folder / f"{name}_{weights}"
            kt.export(args.run, saved, overrides={"task.search": search}, weights=weights)
            jobs |= own(saved, {**asked, "sources": lines}, weights)
        if args.ctranslate2:
            run = kt.load_run(args.run)
            tokenizer = run.tokenizer().source
            pieces = [tokenizer.pieces(row) for row in tokenizer.encode(lines).to_list()]
            jobs |= theirs(args, folder / "ctranslate2", {**asked, "sources": pieces})
        yield f"{name}, {len(lines)} sentences of {args.text}, {args.run}", jobs


def save_search(model, search, folder):
    """Write a SavedModel from ids to ids."""
    import tensorflow as tf

    signature = [tf.TensorSpec((None, None), tf.int32, "source")]
    call = tf.function(lambda source: search(model, source)._asdict(), input_signature=signature)
    module = tf.Module()
    module.model = model
    tf.saved_model.save(module, str(folder), signatures={"serving_default": call.get_concrete_function()})


def for_ctranslate2(model, sources, targets, folder):
    """Write a model for CTranslate2; return the pieces of its vocabulary."""
    from keras_transformers.weights.ctranslate2 import SPECIAL, spec

    pieces = [*SPECIAL, *sources[len(SPECIAL) :]]
    written = spec(model, pieces, [*SPECIAL, *targets[len(SPECIAL) :]])
    written.validate()
    written.optimize()
    folder.mkdir()
    written.save(str(folder))
    return pieces


def own(folder, asked, weights="float32"):
    """Return our job in its best setting, by trying all once."""
    peer = str(PEERS / "saved_model_decoder.py")
    ways = []
    for workers, threads in THREADS:
        command = [sys.executable, peer, str(folder), str(workers), str(threads)]
        ways.append((command, [(asked, f"{workers}x{threads} threads")]))
    job, setting = best(ways)
    return {f"{OURS} {weights} ({setting})": job}


def theirs(args, folder, asked):
    """Return CTranslate2's jobs: for each numeric type its best setting, by trying all once."""
    jobs = {}
    peer = str(PEERS / "ctranslate2_decoder.py")
    for compute in ("float32", *(["int8"] if args.int8 else [])):
        ways = []
        for workers, threads in THREADS:
            command = [args.ctranslate2, peer, str(folder), str(workers), str(threads), compute]
            requests = [({**asked, "batch": size}, f"{workers}x{threads} threads, {size} a batch") for size in BATCHES]
            ways.append((command, requests))
        job, setting = best(ways)
        jobs[f"CTranslate2 {compute} ({setting})"] = job
    return jobs


def best(ways):
    """Return the fastest job, (command, request), and its setting."""
    tried = {}
    for command, requests in ways:
        with Engine(command) as engine:
            for request, setting in requests:
                engine.ask(request)
                tried[engine.ask(request)["seconds"]] = (command, request), setting
    return tried[min(tried)]


class Engine:
    """A process that answers requests."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.version = json.loads(self.process.stdout.readline())["version"]

    def ask(self, request):
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def measure(title, jobs, args):
    """Ask all engines in turns, and print a table."""
    engines = {name: Engine(command) for name, (command, _) in jobs.items()}
    seconds, found = {name: [] for name in jobs}, {}
    for turn in range(args.turns + 1):
        for name, engine in engines.items():
            found[name] = engine.ask(jobs[name][1])
            if turn:
                seconds[name].append(found[name]["seconds"])
    print(f"\n{title}")
    print(f"{'':52} {'sentences/s':>12} {'least':>8} {'most':>8} {'ours is':>8} {'MiB':>8} {'tokens':>7}")
    ours = statistics.median(next(times for name, times in seconds.items() if name.startswith(OURS)))
    for name, engine in engines.items():
        count = len(jobs[name][1]["sources"])
        rates = sorted(count / one for one in seconds[name])
        answers = found[name]["answers"]  # pieces or, of a run's SavedModel, text, whose tokens are not known
        tokens = "" if isinstance(answers[0], str) else f"{statistics.mean(map(len, answers)):.1f}"
        print(
            f"{name + ', ' + engine.version:52} {statistics.median(rates):12.1f} {rates[0]:8.1f} {rates[-1]:8.1f} "
            f"{statistics.median(seconds[name]) / ours:8.2f} {found[name]['peak_mib']:8.0f} {tokens:>7}",
            flush=True,
        )
        engine.__exit__()


if __name__ == "__main__":
    main()
