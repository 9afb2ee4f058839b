"""A SavedModel of this library, timed for benchmarks/decoding.py as CTranslate2 is: see ctranslate2_decoder.py.

    python benchmarks/peers/saved_model_decoder.py FOLDER THREADS

A request holds `sources`, texts, or lists of ids for a SavedModel that takes ids. It answers alike.
"""

import argparse
import json
import resource
import sys
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("threads", type=int)
    args = parser.parse_args()
    import numpy as np
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  registers the ops that the graph uses
    from ctranslate2_decoder import resident

    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    loaded_model = tf.saved_model.load(args.folder)
    signature = loaded_model.signatures["serving_default"]
    takes_ids = "source" in signature.structured_input_signature[1]
    loaded = resident()
    print(json.dumps({"version": tf.__version__}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if takes_ids:
            given = {"source": tf.constant(np.array(asked["sources"], "int32"))}
        else:
            given = {"text": tf.constant(asked["sources"])}
        start = time.perf_counter()
        found = {name: tensor.numpy() for name, tensor in signature(**given).items()}
        seconds = time.perf_counter() - start
        if takes_ids:
            answers = [[one for one in row if one] for row in found["ids"][:, 0].tolist()]
        else:
            answers = [text.decode() for text in found["text"]]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - loaded
        print(json.dumps({"seconds": seconds, "answers": answers, "peak_mib": peak}), flush=True)


if __name__ == "__main__":
    main()
