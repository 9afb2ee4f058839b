import re
import subprocess
import sys

import pytest

from keras_transformers import registry
from keras_transformers.errors import PluginError
from keras_transformers.registry import loading, local
from keras_transformers.signature import Registration, registrations

SOUND = """
from keras_transformers.registry import register

@register("source", "lines")
class Lines:
    '''Lines of a file.'''

    def __init__(self, limit: int = 3):
        self.limit = limit

    def read(self, root=None):
        return None
"""


@pytest.fixture(autouse=True)
def _forget():
    before = dict(local.registered())
    yield
    local.registered().clear()
    local.registered().update(before)
    for name in [name for name in sys.modules if name.startswith(loading.MODULE_PREFIX)]:
        del sys.modules[name]


def load(tmp_path, text, name="my_layers.py"):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return registry.load_plugin_file(path)


def message(tmp_path, text):
    with pytest.raises(PluginError) as raised:
        load(tmp_path, text)
    return str(raised.value).replace(str(tmp_path / "my_layers.py"), "FILE")


def test_what_a_file_registers_can_be_used(tmp_path):
    module = load(tmp_path, SOUND)
    assert registry.resolve("source", "lines") is module.Lines
    assert registry.describe("source", "lines").origin == "my_layers.py"
    assert module.__name__ == "keras_transformers_user_my_layers"


def test_a_file_is_executed_once_and_two_of_one_name_are_kept_apart(tmp_path):
    first = load(tmp_path, SOUND)
    assert registry.load_plugin_file(str(tmp_path / "my_layers.py")) is first
    second = load(tmp_path, "x = 1", "other/my_layers.py")
    assert second.__name__ == "keras_transformers_user_my_layers_2"
    assert registry.load_plugin_file(tmp_path / "my_layers.py") is first


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PluginError, match=re.escape(f"The plugin file `{tmp_path}/no.py` does not exist.")):
        registry.load_plugin_file(tmp_path / "no.py")


def test_a_failing_file_says_its_line_and_registers_nothing(tmp_path):
    text = SOUND + "\n\ndef late():\n    return missing\n\nlate()\n"
    assert message(tmp_path, text) == ("The plugin file `FILE`, line 16: NameError: name 'missing' is not defined")
    assert ("source", "lines") not in local.registered()
    assert not [name for name in sys.modules if name.startswith(loading.MODULE_PREFIX)]


def test_a_syntax_error_says_its_line(tmp_path):
    assert message(tmp_path, "x = 1\nclass :\n") == "The plugin file `FILE`, line 2: invalid syntax."


def test_a_taken_name_says_the_line_and_the_holder(tmp_path):
    text = 'from keras_transformers.registry import register\n\n@register("section", "data")\nclass Data:\n    pass\n'
    assert message(tmp_path, text) == (
        "The plugin file `FILE`, line 3: `section/data` is taken by keras_transformers.recipe.sections:Data (built-in)."
    )


MARKED = """
from keras_transformers.layers import MultiHeadAttention
from keras_transformers.signature import register

@register("attention", "marked", reference="A page")
class Marked(MultiHeadAttention):
    'Marked only.'
"""


def test_what_a_file_only_marks_is_registered_when_it_is_loaded(tmp_path):
    module = load(tmp_path, MARKED)
    assert registry.resolve("attention", "marked") is module.Marked
    assert registry.describe("attention", "marked").reference == "A page"
    assert registrations(module.Marked) == (Registration("attention", "marked", "A page"),)
    assert ("attention", "multi_head") not in local.registered()
    assert registrations(type("Child", (module.Marked,), {})) == ()


def test_what_is_marked_twice_or_badly_is_said_with_the_file(tmp_path):
    text = "from keras_transformers.signature import register\n\n@register('norm', 'Bad')\nclass Bad:\n    pass\n"
    assert message(tmp_path, text) == (
        "The plugin file `FILE`: `name` must be lower-case letters, digits and _, but is 'Bad'."
    )


BROKEN = {
    "source": "class Broken:\n    limit = 3",
    "schedule": "class Broken(keras.optimizers.schedules.LearningRateSchedule):\n    def get_config(self): return {}",
    "attention": "class Broken(keras.layers.Layer):\n    def build(self, shape): pass",
    "tokenizer": "from keras_transformers.text.tokenizer import Tokenizer\n"
    "class Broken(Tokenizer):\n    size = 7\n    train = load = lambda self, *arguments: None",
}
MISSING = {
    "source": ("`read`", "keras_transformers.data.sources.source.Source"),
    "schedule": ("`__call__`", "keras.optimizers.schedules.LearningRateSchedule"),
    "attention": ("`call`", "keras.layers.Layer"),
    "tokenizer": ("`detokenize`, `tokenize`", "keras_transformers.text.tokenizer.Tokenizer"),
}


@pytest.mark.parametrize("slot", BROKEN)
def test_a_class_that_breaks_its_contract_is_told_when_it_is_registered(tmp_path, slot):
    text = "import keras, keras_transformers as kt\n" + BROKEN[slot]
    lines = text.splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("class "))
    lines.insert(at, f"@kt.register({slot!r}, 'broken')")
    methods, base = MISSING[slot]
    assert message(tmp_path, "\n".join(lines)) == (
        f"The plugin file `FILE`, line {at + 1}: `{slot}/broken`: Broken must have {methods}: what fills the slot "
        f"`{slot}` keeps to {base}."
    )
    assert (slot, "broken") not in local.registered()


def test_a_function_that_makes_an_object_may_fill_a_slot(tmp_path):
    load(tmp_path, "import keras_transformers as kt\n\n@kt.register('source', 'made')\ndef made(): 'Makes one.'\n")
    assert registry.describe("source", "made").summary == "Makes one."


def test_a_class_that_inherits_from_nothing_needs_the_methods_alone(tmp_path):
    base = "class Base:\n    def read(self, root=None): pass\n\n"
    load(tmp_path, base + "import keras_transformers as kt\n\n@kt.register('source', 'own')\nclass Own(Base): pass\n")
    assert "own" in registry.names("source")


LAYER = """
import keras

from keras_transformers.registry import register

@register("feed_forward", "scaled")
class Scaled(keras.layers.Layer):
    '''The input times a trained number.'''

    def build(self, shape):
        self.scale = self.add_weight(shape=(), initializer=keras.initializers.Constant(7.0))

    def call(self, x):
        return self.scale * x
"""


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")  # Keras, saving
def test_a_model_with_a_registered_layer_reloads_though_its_file_moved(tmp_path):
    import keras

    layer = load(tmp_path, LAYER).Scaled()
    inputs = keras.Input((3,))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "model.keras")
    (tmp_path / "my_layers.py").rename(tmp_path / "renamed.py")
    code = (
        "import sys, keras, numpy\n"
        "from keras_transformers.registry import load_plugin_file\n"
        "load_plugin_file(sys.argv[1] + '/renamed.py')\n"
        "model = keras.saving.load_model(sys.argv[1] + '/model.keras')\n"
        "print(model(numpy.ones((1, 3)))[0, 0].numpy())"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
    assert done.stdout == "7.0\n", done.stderr
