"""Photo, table and text of a product: fuse them early or late, and see what each adds.

The products are made up. Their photo tells warm colours from cold ones, their price
coats from the rest, their name only a little, and some of them lack a photo or a name.
Encoders go by name; any transformer may stand in their place, such as the extractor
here, which gets small photos.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from hybridml import DeepFeatureExtractor, EarlyFusionClassifier, LateFusionClassifier

N_PRODUCTS = 160
SEASONS = ["spring", "summer", "autumn", "winter"]
WORDS = {
    "spring": ["rain", "light"],
    "summer": ["beach", "light"],
    "autumn": ["rain", "wool"],
    "winter": ["snow", "wool"],
}


def photo(season, rng):
    """Draw a garment; its colour is warm in summer and in autumn."""
    warm, cold = (190, 90, 40), (50, 90, 180)
    colour = warm if season in ("summer", "autumn") else cold
    picture = np.full((64, 64, 3), 245.0)
    top, left = rng.integers(6, 20, size=2)
    picture[top : top + 38, left : left + 38] = colour + rng.normal(0, 45, size=3)
    return (picture + rng.normal(0, 8, picture.shape)).clip(0, 255).astype("uint8")


def product(season, rng):
    """Tell what a shop knows of a product: a row of the table."""
    is_dear = season in ("autumn", "winter")
    named = rng.random() < 0.5  # otherwise the name says nothing
    return {
        "photo": photo(season, rng) if rng.random() < 0.9 else None,
        "price": round(rng.normal(90 if is_dear else 55, 15), 2),
        "brand": rng.choice(["Alpen", "Riva", "Kirsch"]),
        "name": f"{rng.choice(WORDS[season]) if named else 'daily'} jacket"
        if rng.random() < 0.9
        else None,
    }


rng = np.random.default_rng(0)
y = np.repeat(SEASONS, N_PRODUCTS // len(SEASONS))
X = pd.DataFrame([product(season, rng) for season in y])
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.4, stratify=y, random_state=0
)

modalities = [
    ("photo", DeepFeatureExtractor(cut_layer="stage2", image_size=64), "photo"),
    ("table", "tabular", ["price", "brand"]),
    ("text", "text", "name"),
]
early = EarlyFusionClassifier(modalities, head="logistic").fit(X_train, y_train)
late = LateFusionClassifier(modalities, combine="stack", head="logistic")
late.fit(X_train, y_train)
print(f"early (features side by side):    accuracy {early.score(X_test, y_test):.3f}")
print(f"late (a model of each, stacked):  accuracy {late.score(X_test, y_test):.3f}")

# A row that lacks a modality is judged by the others; one that has none, by the prior.
photos_only = X_test.assign(price=np.nan, brand=None, name=None)
print(
    f"late, of the photos alone:        accuracy {late.score(photos_only, y_test):.3f}"
)

# Fitted anew once a fold, and shown the others' rows with modalities hidden.
averaged = LateFusionClassifier(modalities, combine="mean", head="logistic")
report = averaged.modality_report(X, y, cv=2)
print(report.table.round(3).to_string(index=False))
print("'without' is the accuracy without a modality, 'shapley' its fair share.")
