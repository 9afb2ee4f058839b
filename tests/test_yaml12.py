"""What is written as YAML reads back the same, in the dialect that is read."""

import math
import random

import pytest
import yaml
from random_text import random_text, random_texts

from keras_transformers import yaml12

PARSERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]


@pytest.mark.parametrize("flow", [False, True], ids=["block", "flow"])
def test_thousands_of_texts_read_back_as_keys_and_values(flow):
    texts = random_texts(5003)
    value = {"keys": dict(zip(texts, reversed(texts))), "items": texts}
    assert yaml12.load(yaml12.dump(value, flow)) == value


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("flow", [False, True], ids=["block", "flow"])
def test_texts_alone_and_nested_read_back_by_either_parser(parser, flow):
    rng = random.Random(1)
    for _ in range(307):
        one, two, three = (random_text(rng) for _ in range(3))
        has_halves = any("\ud800" <= letter <= "\udfff" for letter in one + two + three)
        value = {one: [two, {three: [one, []]}], "n": {two: {}}}
        text = yaml12.dump(value, flow)
        assert yaml12.load(text, yaml.SafeLoader if has_halves else parser) == value
        text.encode()  # a file can hold it


def test_numbers_and_constants_read_back():
    value = [0, -7, 10**23, 1e-5, 1e22, 0.1, -0.0, 5e-324, math.inf, -math.inf, True, False, None]
    read = yaml12.load(yaml12.dump(value))
    assert [(type(one), str(one)) for one in read] == [(type(one), str(one)) for one in value]
    assert math.isnan(yaml12.load(yaml12.dump([math.nan]))[0])


@pytest.mark.parametrize(
    "text", ["plain", "two words", "a-b", "x1", "é", "漢字", "0x", "1.2.3", "nullable", "-x", "a:b", "~a"]
)
def test_ordinary_text_has_no_quotes(text):
    assert yaml12.dump([text]) == f"- {text}\n"


@pytest.mark.parametrize(
    "text", ["08", "1E50", "9e9", "0_8", "+.9", "~", "null", "yes", "on", "=", "<<", "2021-05-03", ""]
)
def test_what_any_reader_takes_for_something_else_has_quotes(text):
    assert yaml12.dump([text]) == f"- '{text}'\n"
    assert yaml.safe_load(yaml12.dump([text])) == [text]


def test_line_separators_of_yaml_1_1_are_ordinary_letters():
    for parser in PARSERS:
        assert yaml12.load("a: x\x85y # no\x85b: 1\nc: 'u\u2028v'\nd:\n- w\u2029\n- \ue000", parser) == {
            "a": "x\x85y",
            "c": "u\u2028v",
            "d": ["w\u2029", "\ue000"],
        }
        assert yaml12.compose("a: x\x85\nb: y", parser).value[1][0].start_mark.line == 1


def test_a_character_in_two_halves_as_json_writes_it_is_one():
    assert yaml12.load(r'["\ud83d\ude00", "\ud83d", 1]') == ["\U0001f600", "\ud83d", 1]


def test_nothing_is_none_and_half_a_character_is_no_text():
    assert yaml12.load("# nothing\n") is None
    assert yaml12.compose("") is None
    with pytest.raises(UnicodeEncodeError):
        yaml12.load("a: \udcff")
    with pytest.raises(yaml.YAMLError, match='"x" is not a number'):
        yaml12.load("!!int x")
    with pytest.raises(yaml.YAMLError, match="could not determine a constructor"):
        yaml12.load("!!python/name:os.system x")
