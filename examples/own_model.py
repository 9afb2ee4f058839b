"""A model of one's own on a recipe's data: plain Keras, alone or under a strategy.

python examples/own_model.py [--replicas 2] [KEY=VALUE ...]      # such as data.train.size=5000
"""

import argparse

import keras
import tensorflow as tf
from keras import layers

import keras_transformers as kt

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--replicas", type=int, default=1, help="as many devices, cut from the CPU")
parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="changes of the recipe")
args = parser.parse_args()

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * args.replicas)
devices = [device.name for device in tf.config.list_logical_devices("CPU")]
strategy = tf.distribute.MirroredStrategy(devices) if args.replicas > 1 else tf.distribute.get_strategy()

with strategy.scope():
    data = kt.datasets("dates", args.overrides)
    size = data.tokenizer.size
    source, target = (keras.Input((None,), dtype="int32", name=name) for name in ("source", "target"))
    embed = layers.Embedding(size, 64, mask_zero=True)
    heard, state = layers.GRU(64, return_sequences=True, return_state=True)(embed(source))
    said = layers.GRU(64, return_sequences=True)(embed(target), initial_state=state)
    context = layers.Attention()([said, heard])
    logits = layers.Dense(size)(layers.Concatenate()([said, context]))
    model = keras.Model({"source": source, "target": target}, logits)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0))

history = model.fit(data.train, validation_data=data.valid, epochs=2, shuffle=False, verbose=0).history
for name, values in history.items():
    print(name, *values)
