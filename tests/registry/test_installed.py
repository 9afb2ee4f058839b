import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from close import SUMS

from keras_transformers import registry
from keras_transformers.errors import PluginError, UnknownComponent
from keras_transformers.registry.builtin import read_yaml
from keras_transformers.registry.manifest import HEADER, discover, manifest_of

PACKAGE = Path(__file__).parent.parent / "plugin_package"
SOUND = "norm:\n  half: {target: 'acme:Half', summary: Half., parameters: {rate: {type: float, default: 0.5}}}\n"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a plugin as pip leaves it: a package, and its metadata."""

    def installed(name="acme", manifest=SOUND, distribution="acme-norm", value=None, code="1 / 0"):
        site, module = tmp_path / distribution, distribution.replace("-", "_")
        package, info = site / module, site / f"{module}-1.5.dist-info"
        package.mkdir(parents=True)
        info.mkdir()
        (package / "__init__.py").write_text(code)
        if manifest is not None:
            (package / "registry.yaml").write_text(manifest)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5\n")
        (info / "entry_points.txt").write_text(f"[keras_transformers.plugins]\n{name} = {value or module}\n")
        monkeypatch.syspath_prepend(site)
        registry.plugins.cache_clear()
        return package

    registry.plugins.cache_clear()
    yield installed
    for module in ("acme_norm", "zz_sound", "rival"):
        sys.modules.pop(module, None)
    registry.plugins.cache_clear()


def broken(message):
    """Return the error of the plugin that `install` installs."""
    return f"The plugin `acme` (acme-norm 1.5) is broken: {message}"


def test_a_plugin_is_found_without_importing_it(install):
    install()  # importing it would divide by zero
    (plugin,) = registry.plugins()
    assert (plugin.name, plugin.distribution, plugin.version) == ("acme", "acme-norm", "1.5")
    assert (plugin.requirement, plugin.error) == ("acme-norm>=1.5", None)
    assert "acme/half" in registry.names("norm")
    component = registry.describe("norm", "acme/half")
    assert component.origin == "plugin acme (acme-norm 1.5)"
    assert component.parameters["rate"].default == 0.5
    assert "acme_norm" not in sys.modules


def test_a_plugins_name_does_not_shadow_the_librarys(install):
    install(manifest="norm:\n  layer_norm: {target: 'acme_norm:Half'}\n")
    assert registry.describe("norm", "layer_norm").origin == "built-in"
    assert registry.describe("norm", "acme/layer_norm").target == "acme_norm:Half"


def test_a_plugin_that_does_not_import_is_named(install):
    install(manifest="norm:\n  half: {target: 'acme_norm:Half'}\n")
    sentence = (
        "`norm/acme/half` (plugin acme (acme-norm 1.5)) does not import: acme_norm:Half: "
        "ZeroDivisionError: division by zero"
    )
    with pytest.raises(PluginError, match=f"^{re.escape(sentence)}$"):
        registry.resolve("norm", "acme/half")


def test_a_plugin_that_is_not_installed_is_named(install):
    install()
    with pytest.raises(PluginError) as raised:
        registry.describe("norm", "acmee/half")
    assert str(raised.value) == (
        "`acmee/half` needs the plugin `acmee`, which is not installed: "
        "install the package that provides it. Did you mean `acme`?"
    )
    assert registry.missing_plugin("b/x", "b>=1") == (
        "`b/x` needs the plugin `b`, which is not installed: pip install 'b>=1'."
    )


def test_an_unknown_name_of_a_plugin_lists_what_exists(install):
    install()
    with pytest.raises(UnknownComponent, match=r"^`norm` has no component `acme/hal`\. Did you mean `acme/half`\?"):
        registry.describe("norm", "acme/hal")


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, "PATH is missing."),
        ("norm: ]", "PATH:1:7 is not YAML: did not find expected node content."),
        ("- norm", "PATH must hold a map, but holds list."),
        ("norm: 3", "PATH: `norm`: must be a map of names to entries, but is 3."),
        ("norm: {half: {}}", "PATH: `norm/half`: `target` is missing."),
        (
            "norm: {half: {target: 'os.system'}}",
            "PATH: `norm/half`: `target` must be package.module:Object, but is 'os.system'.",
        ),
        (
            "norm: {half: {target: 'a:B', sumary: x}}",
            "PATH: `norm/half`: `sumary` is not a key of it. Did you mean `summary`?",
        ),
        (
            "norm: {b/half: {target: 'a:B'}}",
            "PATH: `norm/b/half`: a name must be lower-case letters, digits and _, but is 'b/half'.",
        ),
        (
            "norm: {half: {target: 'a:B', parameters: {x: {type: integer}}}}",
            "PATH: `norm/half`, parameter `x`: `type` must be one of "
            "int, float, bool, str, path, encoding, any, list, map, slot, but is 'integer'.",
        ),
        ("nrom: {half: {target: 'a:B'}}", "PATH: There is no slot `nrom`. Did you mean `norm`?"),
    ],
)  # fmt: skip
def test_a_broken_manifest_is_reported_and_harms_no_other(install, manifest, message):
    path = install(manifest=manifest) / "registry.yaml"
    install(name="sound", distribution="zz-sound")
    first, second = registry.plugins()
    assert first.error == broken(message.replace("PATH", str(path)))
    assert first.components == ()
    assert second.name == "sound"
    with pytest.raises(PluginError, match=r"^`norm/acme/half` cannot be had: The plugin `acme`"):
        registry.describe("norm", "acme/half")
    assert registry.describe("norm", "layer_norm").origin == "built-in"


def test_sound_entries_of_a_broken_manifest_are_kept(install):
    install(manifest=SOUND + "  bad: {}\n")
    (plugin,) = registry.plugins()
    assert [one.name for one in plugin.components] == ["acme/half"]
    assert "`norm/bad`: `target` is missing." in plugin.error


def test_a_plugin_may_bring_a_slot_that_its_own_parameters_name(install):
    half = "half: {target: 'acme_norm:Half', parameters: {r: {type: slot, slot: router}}}"
    install(manifest=f"router:\n  top: {{target: 'acme_norm:Top'}}\nnorm:\n  {half}\n")
    assert registry.plugins()[0].error is None
    assert registry.names("router") == ["acme/top"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("no_such_package", "Its entry point names the package `no_such_package`, which is not installed."),
        ("keras_transformers", "Its entry point must name a package of its own, but names `keras_transformers`."),
        ("acme_norm:registry", "Its entry point must name a package of its own, but names `acme_norm:registry`."),
    ],
)
def test_an_entry_point_must_name_a_package(install, value, message):
    install(value=value)
    assert registry.plugins()[0].error == broken(message)


@pytest.mark.parametrize("name", ["Acme", "user", "keras_transformers"])
def test_a_scope_must_be_plain_and_not_reserved(install, name):
    install(name=name)
    assert registry.plugins()[0].error == (
        f"The plugin `{name}` (acme-norm 1.5) is broken: The name of a plugin must be lower-case letters, "
        f"digits and _, and none of keras_transformers, user, but is `{name}`."
    )


def test_two_plugins_of_one_name_are_both_refused(install):
    install()
    install(distribution="rival")
    first, second = registry.plugins()
    assert first.error == broken("The name `acme` is also declared by rival 1.5; uninstall one.")
    assert "also declared by acme-norm 1.5" in second.error
    assert first.components == second.components == ()


CODE = """
import keras
@keras.saving.register_keras_serializable(package={package!r})
class Half(keras.layers.Layer):
    def call(self, x):
        return x / 2
"""


def test_a_plugins_class_that_breaks_its_contract_is_told_when_it_is_imported(install):
    code = "import keras\nclass Half(keras.layers.Layer):\n    pass\n"
    install(manifest="norm:\n  half: {target: 'acme_norm:Half'}\n", code=code)
    sentence = "`norm/acme/half`: Half must have `call`: what fills the slot `norm` keeps to keras.layers.Layer."
    with pytest.raises(PluginError, match=f"^{re.escape(sentence)}$"):
        registry.resolve("norm", "acme/half")


def test_a_plugin_may_not_take_the_librarys_name_in_keras(install):
    install(manifest="norm:\n  half: {target: 'acme_norm:Half'}\n", code=CODE.format(package="keras_transformers"))
    with pytest.raises(PluginError) as raised:
        registry.resolve("norm", "acme/half")
    assert str(raised.value) == (
        "`norm/acme/half` (plugin acme (acme-norm 1.5)) is registered with Keras as "
        "`keras_transformers>Half`; a plugin must use a package name of its own."
    )


def test_a_plugins_layer_has_a_frozen_name_in_keras(install):
    import keras

    code = "import keras\nclass Half(keras.layers.Layer):\n    def call(self, x): return x\n"
    install(manifest="norm:\n  half: {target: 'acme_norm:Half'}\n", code=code)
    half = registry.resolve("norm", "acme/half")
    assert keras.saving.get_registered_name(half) == "keras_transformers.acme>norm.half"


# The package under plugin_package/, installed by pip as a user would.


def run(environment, code):
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_an_installed_package_is_listed_without_importing_it(environment):
    seen = run(
        environment,
        "import json, sys\n"
        "from keras_transformers import registry\n"
        "plugin, = registry.plugins()\n"
        "component = registry.describe('attention', 'acme/talking_heads')\n"
        "loaded = [one for one in ('acme_attention', 'keras', 'tensorflow', 'numpy') if one in sys.modules]\n"
        "print(json.dumps([plugin.requirement, plugin.error, registry.names('attention'), component.origin,\n"
        "    list(component.parameters), loaded]))",
    )
    requirement, error, names, origin, parameters, loaded = seen
    assert (requirement, error, loaded) == ("acme-attention>=1.0", None, [])
    assert "acme/talking_heads" in names
    assert origin == "plugin acme (acme-attention 1.0)"
    assert parameters == ["gain", "heads", "head_dim", "dropout", "use_bias", "initializer"]


def test_an_installed_package_resolves_and_computes(environment):
    seen = run(
        environment,
        "import json, keras\n"
        "from keras_transformers import registry\n"
        "keras.utils.set_random_seed(0)\n"
        "build = lambda name, **more: registry.resolve('attention', name)(heads=3, **more)\n"
        "plain, talking = build('multi_head'), build('acme/talking_heads')\n"
        "loud = build('acme/talking_heads', gain=7.0)\n"
        "x = keras.random.normal((2, 5, 21), seed=1)\n"
        "[layer(x) for layer in (plain, talking, loud)]\n"
        "[layer.set_weights([layer.get_weights()[0], *plain.get_weights()]) for layer in (talking, loud)]\n"
        "shape = [list(w.shape) for w in talking.weights][0]\n"
        "size = lambda x: float(keras.ops.max(keras.ops.abs(x)))\n"
        "error = lambda a, b: size(a(x) - b(x)) / size(a(x))\n"
        "name = keras.saving.get_registered_name(type(talking))\n"
        "print(json.dumps([name, shape, error(plain, talking), error(plain, loud)]))",
    )
    name, mixing, same, different = seen
    assert name == "acme_attention>TalkingHeads"
    assert mixing == [3, 3]
    assert same < SUMS
    assert different > 1e-3


def test_the_packages_manifest_is_what_its_code_says(monkeypatch):
    monkeypatch.syspath_prepend(PACKAGE)
    folder = PACKAGE / "acme_attention"
    assert discover(folder) == {"attention": {"talking_heads": "acme_attention.talking_heads:TalkingHeads"}}
    from acme_attention import TalkingHeads

    entry = manifest_of(TalkingHeads, "attention", "talking_heads")
    assert read_yaml(folder / "registry.yaml") == {"attention": {"talking_heads": entry}}
    assert (folder / "registry.yaml").read_text(encoding="utf-8").startswith(HEADER)


def test_a_resolved_recipe_says_what_to_install(install):
    install()
    from keras_transformers.recipe import load

    overrides = {"model.encoder.block.norm": "acme/half"}
    assert load("transformer_tiny", overrides).tree["requires"] == {"acme": "acme-norm>=1.5"}
    own = {**overrides, "requires": {"acme": "acme-norm==1.5"}}
    assert load("transformer_tiny", own).tree["requires"] == {"acme": "acme-norm==1.5"}
    assert load("transformer_tiny").tree["requires"] is None
