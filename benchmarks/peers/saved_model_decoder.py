"""A SavedModel of this library, timed for benchmarks/decoding.py as CTranslate2 is: see ctranslate2_decoder.py.

    python benchmarks/peers/saved_model_decoder.py FOLDER CALLERS THREADS

CALLERS ask at once, each for its share of the sources, and each operation has THREADS. A request holds `sources`,
texts, or lists of ids for a SavedModel that takes ids. It answers alike.
"""

import argparse
import concurrent.futures
import itertools
import json
import resource
import sys
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("callers", type=int)
    parser.add_argument("threads", type=int)
    args = parser.parse_args()
    import numpy as np
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  registers the ops that the graph uses
    from ctranslate2_decoder import resident

    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.callers)
    loaded_model = tf.saved_model.load(args.folder)
    signature = loaded_model.signatures["serving_default"]
    takes_ids = "source" in signature.structured_input_signature[1]
    loaded = resident()
    print(json.dumps({"version": tf.__version__}), flush=True)
    pool = concurrent.futures.ThreadPoolExecutor(args.callers)
    for line in sys.stdin:
        sources = json.loads(line)["sources"]
        size = -(-len(sources) // args.callers)
        shares = [sources[start : start + size] for start in range(0, len(sources), size)]
        if takes_ids:
            given = [{"source": tf.constant(np.array(share, "int32"))} for share in shares]
        else:
            given = [{"text": tf.constant(share)} for share in shares]
        start = time.perf_counter()
        found = list(pool.map(lambda share: {name: x.numpy() for name, x in signature(**share).items()}, given))
        seconds = time.perf_counter() - start
        if takes_ids:
            rows = itertools.chain.from_iterable(one["ids"][:, 0].tolist() for one in found)
            answers = [[token for token in row if token] for row in rows]
        else:
            answers = [text.decode() for one in found for text in one["text"]]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - loaded
        print(json.dumps({"seconds": seconds, "answers": answers, "peak_mib": peak}), flush=True)


if __name__ == "__main__":
    main()
