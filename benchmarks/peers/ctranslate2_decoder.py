"""CTranslate2, timed for benchmarks/decoding.py, which starts this in an interpreter that has it.

    python benchmarks/peers/ctranslate2_decoder.py FOLDER INTER_THREADS INTRA_THREADS COMPUTE_TYPE

Reads a request a line, as JSON: `sources`, lists of pieces, `beams`, `steps` (most tokens of an answer, or null for
1.5 times the longest source's and 12 more), `alpha` and `batch`. Answers with `seconds`, `answers` (pieces) and
`peak_mib`, what the process has held at most beyond what it held once the model was loaded.
"""

import argparse
import json
import math
import resource
import sys
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("inter", type=int)
    parser.add_argument("intra", type=int)
    parser.add_argument("compute")
    args = parser.parse_args()
    try:
        import ctranslate2
    except ImportError as error:
        parser.exit(2, f"{sys.executable} has no CTranslate2 ({error}): pip install ctranslate2.\n")
    translator = ctranslate2.Translator(
        args.folder, inter_threads=args.inter, intra_threads=args.intra, compute_type=args.compute
    )
    loaded = resident()
    print(json.dumps({"version": ctranslate2.__version__}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        start = time.perf_counter()
        answers = translate(translator, asked)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - loaded
        print(json.dumps({"seconds": seconds, "answers": answers, "peak_mib": peak}), flush=True)


def translate(translator, asked):
    """Return the best answer of each source."""
    found = translator.translate_batch(
        asked["sources"],
        beam_size=asked["beams"],
        length_penalty=asked["alpha"],
        max_decoding_length=asked["steps"] or max(math.ceil(1.5 * len(source)) + 12 for source in asked["sources"]),
        min_decoding_length=0,
        return_scores=True,  # as ours does: without, its greedy search leaves out the softmax
        max_batch_size=asked["batch"],
    )
    return [one.hypotheses[0] for one in found]


def resident():
    """Return what the process holds now, MiB."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
