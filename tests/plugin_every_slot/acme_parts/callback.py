import keras

from keras_transformers.signature import register


@register("callback", "gap")
class Gap(keras.callbacks.Callback):
    """Records how far the validation loss lies above the training loss."""

    def on_epoch_end(self, epoch, logs=None):
        logs["gap"] = logs["val_loss"] - logs["loss"]
