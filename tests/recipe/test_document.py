import pytest

from keras_transformers.recipe.document import parse
from keras_transformers.recipe.problem import Place


def read(text):
    node, problems = parse(text, "x.yaml")
    assert problems == []
    return node


def only_problem(text):
    _, problems = parse(text, "x.yaml")
    assert len(problems) == 1
    return problems[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1.0e-9", 1e-9),
        ("7", 7),
        ("37_000", 37000),
        ("0x1f", 31),
        ("010", 10),
        ("-.inf", float("-inf")),
        ("true", True),
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2024-02-29", "2024-02-29"),
        ("~", None),
        ("''", ""),
        ("'7'", "7"),
        ("[1, a]", [1, "a"]),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, value):
    plain = read(text).plain()
    assert plain == value
    assert type(plain) is type(value)


def test_values_and_keys_remember_their_places():
    node = read("a:\n  b: 5\n  cc: {d: 7}\n")
    inner = node.value["a"]
    assert inner.keys["cc"] == Place("x.yaml", 3, 3)
    assert inner.value["cc"].value["d"].place == Place("x.yaml", 3, 11)


def test_duplicate_key():
    found = only_problem("a:\n  b: 5\n  b: 7\n")
    assert (found.line, found.column, found.path) == (3, 3, "a.b")
    assert found.message == "duplicate key; `b` is on line 2 too, keep one of them."


def test_every_duplicate_is_reported():
    _, problems = parse("a: 1\na: 2\nb: 1\nb: 2\n", "x.yaml")
    assert [problem.line for problem in problems] == [2, 4]


def test_text_that_is_not_yaml():
    found = only_problem("a: [1,\nb: 2\n")
    assert found.file == "x.yaml"
    assert found.line in (2, 3)
    assert found.message.startswith("not valid YAML: ")


def test_two_documents():
    assert "document" in only_problem("a: 1\n---\nb: 2\n").message


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!mine"])
def test_tags_are_refused(tag):
    node, problems = parse(f"a: {tag} x\n", "x.yaml")
    assert node.plain() == {"a": None}
    assert "is not allowed in a recipe." in problems[0].message
    assert (problems[0].line, problems[0].path) == (1, "a")


def test_anchors_and_merge_keys():
    node = read("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc: *x\n")
    assert node.plain() == {"a": {"p": 1, "q": 2}, "b": {"q": 3, "p": 1}, "c": {"p": 1, "q": 2}}


def test_an_alias_inside_itself():
    assert only_problem("a: &x {b: *x}\n").message == "an alias must not contain itself."


def test_aliases_cannot_explode():
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 8)]
    assert only_problem("\n".join(lines)).message == (
        "the YAML expands to more than 100,000 values; check its `*` aliases."
    )


def test_a_key_that_is_not_text():
    assert only_problem("a: {[1]: 2}\n").message == "a key must be text."


def test_a_fixed_place_serves_all_nodes():
    place = Place("--set a=b")
    node, _ = parse("{x: [1]}", place.file, place)
    assert node.value["x"].value[0].place == place
