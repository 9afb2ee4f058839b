import datetime
import re
import time

import pytest

from keras_transformers.data import Dates
from keras_transformers.data.sources.dates import LANGUAGES, _formats, _is_unambiguous
from keras_transformers.errors import DataError


@pytest.fixture(scope="module")
def splits():
    return {split: Dates(split, 20011).read() for split in ("train", "valid", "test")}


def test_equal_arguments_give_equal_examples():
    assert Dates("train", 211, seed=3).read() == Dates("train", 211, seed=3).read()
    assert Dates("train", 211, seed=3).read() != Dates("train", 211, seed=4).read()
    assert Dates("train", 97, seed=3).read().sources == Dates("train", 211, seed=3).read().sources[:97]


def test_splits_share_no_date(splits):
    dates = {split: set(pairs.targets) for split, pairs in splits.items()}
    assert not dates["train"] & dates["valid"]
    assert not dates["train"] & dates["test"]
    assert not dates["valid"] & dates["test"]
    assert len(dates["test"]) > 1500


def test_targets_are_iso_dates_of_the_range(splits):
    for pairs in splits.values():
        assert len(pairs) == 20011
        years = {datetime.date.fromisoformat(target).year for target in pairs.targets}
        assert (min(years), max(years)) == (1950, 2050)
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", target) for target in pairs.targets)


def test_each_text_means_one_date(splits):
    meaning = {}
    for pairs in splits.values():
        for source, target in zip(pairs.sources, pairs.targets, strict=True):
            assert meaning.setdefault(source, target) == target, source


def test_texts_are_short_and_hold_the_whole_year(splits):
    for pairs in splits.values():
        assert max(map(len, pairs.sources)) < 45
        assert all(target[:4] in source for source, target in zip(pairs.sources, pairs.targets, strict=True))
        assert not re.search("[\u00a0\u202f]", "".join(pairs.sources))


def test_there_are_many_languages_and_formats():
    assert set(LANGUAGES) >= set("en de fr es it pt nl sv pl ru tr zh ja ko el".split())
    assert all(len({pattern for _, pattern in _formats(language)}) >= 3 for language in LANGUAGES)
    assert len({pattern for language in LANGUAGES for _, pattern in _formats(language)}) >= 40


@pytest.mark.parametrize(
    ("language", "example"),
    [
        ("de", r"(?i)(dienstag|di\.?), \d+\. (jan|feb|märz|apr|mai|jun|jul|aug|sep|okt|nov|dez)\S* \d{4}"),
        ("ja", r"\d{4}年\d+月\d+日火曜日"),
        ("zh", r"\d{4}年\d+月\d+日 ?星期二"),
        ("ko", r"\d{4}년 \d+월 \d+일 화요일"),
        ("el", r"Τρίτη \d+ \w+ \d{4}"),
        ("tr", r"\d+ \w+ \d{4} Salı"),
    ],
)
def test_weekdays_are_right(language, example):
    pairs = Dates("train", 2003, languages=[language]).read()
    found = [t for s, t in zip(pairs.sources, pairs.targets, strict=True) if re.fullmatch(example, s)]
    assert found
    assert {datetime.date.fromisoformat(target).weekday() for target in found} == {1}


def test_upper_and_lower_case():
    sources = Dates("train", 2003, languages=["tr", "el", "fr"]).read().sources
    upper = [source for source in sources if source.isupper()]
    assert 0.07 < len(upper) / len(sources) < 0.13
    assert any("NİSAN" in source for source in upper)  # not NISAN
    assert any("ΙΑΝΟΥΑΡΊΟΥ" not in s and "ΙΑΝΟΥΑΡΙΟΥ" in s for s in upper)
    assert any(source.islower() and "février" in source for source in sources)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("d MMMM y", True),
        ("EEEE, d 'de' MMMM 'de' y", True),
        ("y-MM-dd", True),
        ("y年M月d日", True),
        ("M/d/y", False),
        ("dd.MM.y", False),
        ("d MMMM yy", False),
        ("d MMMM", False),
        ("y-dd-MM", False),
        ("MMMM y", False),
    ],
)
def test_unambiguous_patterns(pattern, expected):
    assert _is_unambiguous(pattern) is expected


def test_unknown_language():
    expected = r"`languages` must be among cs, da, .*, zh, but has `gr`\.( Did you mean .*)?$"
    with pytest.raises(DataError, match=expected):
        Dates("train", 7, languages=["de", "gr"]).read()
    with pytest.raises(DataError, match="at least one language"):
        Dates("train", 7, languages=[]).read()


def test_forty_thousand_take_seconds():
    start = time.process_time()
    assert len(Dates("train", 40_000, seed=11).read()) == 40_000
    assert time.process_time() - start < 5
