"""Sounds of every form become stored deep features, whatever their batch mates."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.io import wavfile
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from hybridml import FeatureStore, SpectrogramExtractor, make_head
from hybridml.exceptions import (
    DataError,
    ImageDecodeError,
    InvalidParameterError,
    UnknownCutLayerError,
)
from hybridml.testing import register_tiny_backbone

RATE = 8_000
LABELS = ["low", "high"] * 6


def clip(hz: float, seed: int, n_samples: int = 1_600) -> np.ndarray:
    random = np.random.default_rng(seed)
    noise = random.normal(0, 2_000, n_samples + seed)
    tone = 9_000 * np.sin(2 * np.pi * hz * np.arange(n_samples + seed) / RATE)
    return (tone + noise).round().astype(np.int16)


CLIPS = [clip({"low": 300, "high": 2_000}[label], i) for i, label in enumerate(LABELS)]


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    found = [tmp_path / f"{i}.wav" for i in range(len(CLIPS))]
    for path, samples in zip(found, CLIPS, strict=True):
        wavfile.write(path, RATE, samples)
    return found


def tiny(**changed: Any) -> SpectrogramExtractor:
    options: dict[str, Any] = {"store": None, "sample_rate": RATE, "pooling": "grid2"}
    return SpectrogramExtractor(
        register_tiny_backbone(), **options | {"cut_layer": "stem"} | changed
    )


def wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    buffer = io.BytesIO()
    wavfile.write(buffer, rate, samples)
    return buffer.getvalue()


def test_every_form_of_a_sound_gives_the_same_features(paths: list[Path]) -> None:
    expected = tiny().transform(CLIPS)
    assert expected.shape == (12, 32)
    assert expected.dtype == np.float32
    contents = [path.read_bytes() for path in paths]
    forms: list[Any] = [
        paths,
        [str(path) for path in paths],
        contents,
        [(samples, RATE) for samples in CLIPS],
        [samples.astype(float) for samples in CLIPS],
        pd.Series(map(str, paths), index=range(12, 0, -1)),
        pd.DataFrame({"sound": contents}),
    ]
    for sounds in forms:
        np.testing.assert_array_equal(tiny().fit(sounds).transform(sounds), expected)


def test_rows_do_not_depend_on_order_number_or_threads() -> None:
    features = tiny(n_jobs=2, batch_size=5).transform(CLIPS)
    np.testing.assert_array_equal(tiny(n_jobs=1).transform(CLIPS[::-1])[::-1], features)
    np.testing.assert_array_equal(tiny().transform(CLIPS[3:4]), features[3:4])


def test_many_sounds_are_drawn_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = tiny().transform_with_failures([*CLIPS, None])
    monkeypatch.setattr("hybridml.fusion.encoders.spectrogram_extractor._AT_A_TIME", 5)
    parts, failures = tiny().transform_with_failures([*CLIPS, None])
    np.testing.assert_array_equal(parts, whole)
    assert failures == {12: "the sound is missing"}


def test_a_sound_goes_through_the_network_once(
    paths: list[Path], tmp_path: Path
) -> None:
    store = FeatureStore(tmp_path / "store")
    extractor = tiny(store=store)
    first = extractor.fit_transform(paths)
    again = tiny(store=store, cut_layer="stage1").fit(CLIPS)
    again.transform(CLIPS)
    np.testing.assert_array_equal(extractor.transform(CLIPS), first)
    assert store.stats()["images_forwarded"] == 12


def test_other_spectrograms_are_other_features(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "store")
    features = [
        tiny(store=store, **changed).transform(CLIPS[:1])
        for changed in (
            {},
            {"n_mels": 20},
            {"window_s": 0.05},
            {"top_db": 30.0},
            {"time_axis": "pad", "max_duration_s": 1.0},
            {"max_duration_s": 0.1},
            {"min_frequency_hz": 500.0},
            {"max_frequency_hz": 2_500.0},
        )
    ]
    distinct = np.unique(np.concatenate(features), axis=0)
    assert len(distinct) == len(features)


def test_bad_sounds_are_named_all_at_once(paths: list[Path]) -> None:
    sounds = [paths[0], "no.wav", (np.zeros(0), RATE), b"RIFF", None, CLIPS[1]]
    with pytest.raises(ImageDecodeError) as caught:
        tiny().fit(sounds).transform(sounds)
    assert str(caught.value).splitlines() == [
        "Cannot decode 'no.wav' (sound 2 of 6): there is no such file",
        "Cannot decode <array of shape (0,)> (sound 3 of 6): it has no samples",
        "Cannot decode <4 bytes> (sound 4 of 6): its bytes are no WAV file",
        "Cannot decode <no sound> (sound 5 of 6): the sound is missing",
    ]
    assert sorted(caught.value.failures) == [1, 2, 3, 4]


def test_bad_sounds_become_rows_of_nan() -> None:
    sounds = [CLIPS[0], None, CLIPS[1]]
    features = tiny(on_bad_sound="nan").transform(sounds)
    np.testing.assert_array_equal(features[[0, 2]], tiny().transform(CLIPS[:2]))
    assert np.isnan(features[1]).all()
    found, failures = tiny().transform_with_failures(sounds)
    np.testing.assert_array_equal(found, features)
    assert failures == {1: "the sound is missing"}


def test_no_sounds_give_no_rows_and_cannot_be_fitted() -> None:
    assert tiny().transform([]).shape == (0, 32)
    with pytest.raises(DataError, match="Found no sounds: X is empty"):
        tiny().fit([])


def test_clone_and_pickle_agree() -> None:
    fitted = tiny().fit(CLIPS)
    features = fitted.transform(CLIPS)
    for twin in (clone(fitted), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(twin.transform(CLIPS), features)


def test_parameters_set_after_fit_count() -> None:
    extractor = tiny().fit(CLIPS).set_params(cut_layer="stage1", pooling="mean")
    expected = tiny(cut_layer="stage1", pooling="mean").transform(CLIPS)
    np.testing.assert_array_equal(extractor.transform(CLIPS), expected)


def test_names_and_pandas_output_agree() -> None:
    extractor = tiny().fit(CLIPS).set_output(transform="pandas")
    table = extractor.transform(CLIPS)
    assert list(table.columns) == list(extractor.get_feature_names_out())
    assert table.columns[0] == "tiny_stem_0"
    assert extractor.n_features_out_ == table.shape[1]


def test_cut_layers_are_searched_over() -> None:
    model = make_pipeline(tiny(), make_head("logistic"))
    grid = {"spectrogramextractor__cut_layer": ["stem", "stage1", "middle"]}
    search = GridSearchCV(model, grid, cv=3).fit(CLIPS, LABELS)
    assert search.best_score_ > 0.9
    assert cross_val_score(model, CLIPS, LABELS, cv=3).mean() > 0.9


def test_all_wrong_parameters_are_named_at_once() -> None:
    extractor = tiny(
        max_duration_s=0, time_axis="bend", on_bad_sound="skip", n_mels=1, image_size=0
    )
    with pytest.raises(
        InvalidParameterError,
        match=r"SpectrogramExtractor: .*n_mels=1.*max_duration_s=0.*time_axis='bend'"
        r".*on_bad_sound='skip'.*image_size=0",
    ):
        extractor.fit(CLIPS)


def test_parameters_of_the_network_are_checked_too() -> None:
    with pytest.raises(UnknownCutLayerError, match="stage9"):
        tiny(cut_layer="stage9").fit(CLIPS)
    with pytest.raises(InvalidParameterError, match="pooling='sum'"):
        tiny(pooling="sum").transform(CLIPS)


def test_progress_is_shown_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    tiny(verbose=1).transform(CLIPS)
    assert "12/12" in capsys.readouterr().err


@pytest.mark.slow
def test_spoken_digits_are_told_apart(shared_data: Path, tmp_path: Path) -> None:
    paths = sorted((shared_data / "spoken_digits" / "recordings").glob("*.wav"))
    digits, speakers, numbers = np.array([path.stem.split("_") for path in paths]).T
    is_test, digits_of = numbers.astype(int) < 5, make_head("logistic")
    features = SpectrogramExtractor(store=tmp_path / "store").fit_transform(paths)
    train = (features[~is_test], digits[~is_test])
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    assert cross_val_score(digits_of, *train, cv=folds).mean() > 0.96
    unheard = {"cv": GroupKFold(6), "groups": speakers[~is_test]}
    assert cross_val_score(digits_of, *train, **unheard).mean() > 0.75
    assert digits_of.fit(*train).score(features[is_test], digits[is_test]) >= 0.95
