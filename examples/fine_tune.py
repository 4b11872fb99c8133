"""Fine-tune a network as an estimator, and watch it epoch by epoch.

Epoch 0 is the start: a linear probe of the frozen features. If no later epoch has a
clearly lower loss on the images held out, that start is what you get.
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from hybridml import FineTuneClassifier
from hybridml.finetune import Callback, diagnose


class PrintEpoch(Callback):
    """Prints a line after each epoch; there are on_fit_begin and on_fit_end, too."""

    def on_epoch_end(self, estimator, metrics):
        """Print the epoch's row of `history_`."""
        print(
            f"epoch {metrics['epoch']} of {estimator.n_epochs_}: "
            f"loss {metrics['valid_loss']:.3f}, "
            f"accuracy {metrics['valid_accuracy']:.2f} on the images held out"
        )


digits = load_digits()
X = (digits.images * 15.9).astype("uint8")[:400]
y = digits.target[:400]
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

model = FineTuneClassifier(
    "efficientnet_lite0",
    trainable="all",  # or "last2", "head", or what lies behind a cut layer: "stage4"
    image_size=32,
    epochs=5,
    augmentation="light",  # shifts and scales; "standard" also mirrors: not for digits
    callbacks=[PrintEpoch()],
    random_state=0,
)
model.fit(X_train, y_train)

print(model.history_.round(3).to_string(index=False))
print(diagnose(model.history_))
print(f"Kept: the state after epoch {model.best_epoch_}.")
print(f"Accuracy on images it has never seen: {model.score(X_test, y_test):.3f}")
