"""Deep features and an SVM: one scikit-learn pipeline, judged by cross-validation.

The network has only ever seen photos, never a digit. Are its features of any use here?
Compare with the same SVM on the pixels themselves.
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from hybridml import DeepFeatureExtractor, make_head

# Images: an array of (n, height, width) here; paths, PIL images or bytes do as well.
digits = load_digits()
X = (digits.images * 15.9).astype("uint8")[:300]
y = digits.target[:300]

# Digits are far from photos, so the network is cut early: its fourth stage knows
# strokes and corners, the last ones know dogs. "flatten" keeps where they are seen.
# Nothing in it is trained. The head is scaling and an SVM.
extractor = DeepFeatureExtractor(
    "efficientnet_lite0", cut_layer="stage4", pooling="flatten", image_size=32
)
model = make_pipeline(extractor, make_head("linear_svm", random_state=0))
scores = cross_val_score(model, X, y, cv=5)

pixels = X.reshape(len(X), -1)
pixel_scores = cross_val_score(make_head("linear_svm", random_state=0), pixels, y, cv=5)

print(f"the pixels and an SVM:          accuracy {pixel_scores.mean():.3f}")
print(f"deep features and the same SVM: accuracy {scores.mean():.3f}")

# It is an ordinary estimator: fit, predict, GridSearchCV, joblib.dump ...
model.fit(X[:250], y[:250])
print("predicted:", *model.predict(X[250:270]))
print("true:     ", *y[250:270])
