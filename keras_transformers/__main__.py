"""`python -m keras_transformers` is `keras-transformers`."""

import sys

from .cli.parser import main

if __name__ == "__main__":
    sys.exit(main())
