"""Sounds seen by a network for photos: deep features of spectrograms, and a head.

Without a folder it makes up "words" of two tones each, in seconds. For real ones, such
as the Free Spoken Digit Dataset, whose files are called 7_jackson_32.wav:

    python spoken_digits.py recordings
"""

import tempfile
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.io import wavfile
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from hybridml import SpectrogramExtractor, make_head

SAMPLE_RATE = 8_000
N_SPEAKERS = 4


def make_up_words(folder):
    """Write short sounds of two tones; speakers differ in pitch and in speed."""
    rng = np.random.default_rng(0)
    for digit in range(5):
        for speaker in range(N_SPEAKERS):
            for take in range(3):
                seconds = np.arange(rng.integers(2400, 4800)) / SAMPLE_RATE
                pitch = (1 + 0.08 * speaker) * rng.normal(1, 0.01)
                tones = np.array([400 + 250 * digit, 1800 - 250 * digit]) * pitch
                is_late = seconds > seconds[-1] / 2
                sound = np.sin(2 * np.pi * np.where(is_late, *tones) * seconds)
                sound = sound + rng.normal(0, 0.3, len(seconds))
                name = f"{digit}_speaker{speaker}_{take}.wav"
                wavfile.write(
                    folder / name, SAMPLE_RATE, (6000 * sound).astype("int16")
                )


def list_recordings(folder):
    """Make a table of the files, with what their names say."""
    paths = sorted(folder.glob("*.wav"))
    words = [path.stem.split("_") for path in paths]
    table = pd.DataFrame(words, columns=["digit", "speaker", "take"])
    return table.assign(path=[str(path) for path in paths])


def judge(recordings):
    """Cross-validate over speakers: a model never knows those whom it is asked."""
    extractor = SpectrogramExtractor("efficientnet_lite0", sample_rate=SAMPLE_RATE)
    model = make_pipeline(extractor, make_head("linear_svm", random_state=0))
    folds = GroupKFold(min(N_SPEAKERS, recordings["speaker"].nunique()))
    scores = cross_val_score(
        model,
        recordings["path"],
        recordings["digit"],
        groups=recordings["speaker"],
        cv=folds,
    )
    print(f"{len(recordings)} recordings of {recordings['speaker'].nunique()} speakers")
    print(f"accuracy on speakers never heard: {scores.mean():.3f}")
    print("in each fold:", *scores.round(2))


parser = ArgumentParser(description="Deep features of sounds.")
parser.add_argument("folder", nargs="?", type=Path, help="of DIGIT_SPEAKER_TAKE.wav")
args = parser.parse_args()

if args.folder is not None:
    judge(list_recordings(args.folder))
else:
    with tempfile.TemporaryDirectory() as made_up:
        make_up_words(Path(made_up))
        judge(list_recordings(Path(made_up)))
