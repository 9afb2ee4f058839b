"""The verbs of the library, one file each: what `import keras_transformers as kt` and the command line call."""
