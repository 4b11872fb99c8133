"""Which of the five ways of transferring wins? All of them on the same folds.

Every case, fold and epoch is recorded in MLflow as it happens: look at it with
`hybridml ui` in the folder that you run this in.
"""

from sklearn.datasets import load_digits

from hybridml import MLflowTracker, compare_transfer_cases

# Small, so that it takes seconds. `hybridml demo` is the same on all 1,797 digits.
digits = load_digits()
X = (digits.images * 15.9).astype("uint8")[:200]
y = digits.target[:200]

comparison = compare_transfer_cases(
    X,
    y,
    cases=[0, 1, 2, 3, 4],
    backbones=["efficientnet_lite0"],
    scratch_backbone="lenet5",  # what case 4 trains, from scratch
    cut_layers=["stage2", "stage4", "penultimate"],  # case 1 chooses one of them
    heads=["linear_svm"],
    epochs=2,  # of cases 2 to 4; far too few for case 4
    image_size=32,
    cv=2,
    tracker=MLflowTracker(experiment="examples"),
    on_step=lambda step: print(f"{step.done:4.0%}  {step.text}"),
)

shown = ["case", "cut_layer", "head", "score", "fit_time_s", "images_forwarded"]
print(comparison.table[shown].round(3).to_string(index=False))
print(comparison.verdict)
print("Runs:", comparison.where)
