"""Case 0: use the pretrained network as it is, with no training of it at all.

Its 1000 outputs are not your classes. Which of them speak for which class is learned
from your images, or given by name. The images here are cut from two real photos.
"""

import numpy as np
from sklearn.datasets import load_sample_images

from hybridml import PretrainedClassifier

rng = np.random.default_rng(0)
photos = dict(zip(["temple", "flower"], load_sample_images().images, strict=True))
X, y = [], []
for name, photo in photos.items():
    for _ in range(12):
        top, left = rng.integers(np.array(photo.shape[:2]) - 300)
        X.append(photo[top : top + 300, left : left + 300])
        y.append(name)
X_train, y_train, X_test, y_test = X[::2], y[::2], X[1::2], y[1::2]

model = PretrainedClassifier("efficientnet_lite0").fit(X_train, y_train)
print("What the network says when it sees a ...")
for name, outputs in model.speakers(4).items():
    print(f"  {name}: {', '.join(outputs)}")
print(f"accuracy with the map it learned: {model.score(X_test, y_test):.2f}")

# Where you know which outputs are yours, name them; `fit` then only checks the names.
by_name = {"temple": ["palace", "monastery"], "flower": ["daisy", "mushroom"]}
named = PretrainedClassifier("efficientnet_lite0", class_map=by_name)
named.fit(X_train, y_train)
print(f"accuracy with the map by name:    {named.score(X_test, y_test):.2f}")
