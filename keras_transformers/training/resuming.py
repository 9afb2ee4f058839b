"""Going on with a training where it stopped."""


def spans(epoch, epochs, batch):
    """Return `(first epoch, end, batches to skip)` of each call of `fit`.

    An epoch resumed in its middle is a call of its own: Keras takes the number of batches of the
    first epoch for that of all.
    """
    middle = [(epoch, epoch + 1, batch)] if batch else []
    rest = (epoch + len(middle), epochs, 0)
    return [*middle, rest] if rest[0] < epochs else middle
