"""Where to cut the network? Search the cut layer as if it were any other parameter.

Fifteen combinations and five folds make 75 fits, and yet each image goes through the
network once: the first pass keeps the features of every layer in the store.
"""

import tempfile

import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from hybridml import DeepFeatureExtractor, FeatureStore, make_head

digits = load_digits()
X = (digits.images * 15.9).astype("uint8")[:300]
y = digits.target[:300]

# By default features are kept for good, in your cache folder. A new store for this
# script alone shows what happens the first time.
with tempfile.TemporaryDirectory() as folder:
    store = FeatureStore(folder)
    extractor = DeepFeatureExtractor("efficientnet_lite0", image_size=32, store=store)
    head = make_head("linear_svm", random_state=0)
    grid = {
        "features__cut_layer": ["stem", "stage2", "stage4", "stage6", "penultimate"],
        "head__head__C": [0.0003, 0.003, 0.03],  # make_head's own last step is "head"
    }
    model = Pipeline([("features", extractor), ("head", head)])
    search = GridSearchCV(model, grid, cv=5).fit(X, y)
    stats = store.stats()
    store.close()

results = pd.DataFrame(search.cv_results_)
results = results.rename(columns=lambda name: name.rpartition("__")[2])
table = results.pivot_table("mean_test_score", "cut_layer", "C", sort=False)
print("Accuracy by cut layer (rows, from the input on) and by C (columns):")
print(table.round(3).to_string())
print("Best:", search.best_params_)
print(f"{5 * len(results)} fits on {len(X)} images.")
print(f"Images sent through the network: {stats['images_forwarded']}.")
print(f"Rows of features read from the store instead: {stats['hits']:,}.")
