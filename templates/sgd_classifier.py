"""An experiment in plain Python: any object that yields a mapping of numbers for each epoch."""

from collections.abc import Iterator

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss

N_TRAIN, N_VALID = 1000, 400


class DigitsClassifier:
    """scikit-learn's SGDClassifier (logistic loss) on the digits, an epoch at a time.

    alpha: weight of the penalty.    l1_ratio: 0 is an L2 penalty, 1 an L1 penalty.
    eta0: learning rate, constant.   seed: of the order of the examples.
    """

    def __init__(self, alpha: float, l1_ratio: float, eta0: float, epochs: int, seed: int):
        self.epochs = epochs
        self.classifier = SGDClassifier(
            loss="log_loss",
            penalty="elasticnet",
            alpha=alpha,
            l1_ratio=l1_ratio,
            learning_rate="constant",
            eta0=eta0,
            random_state=seed,
        )

    def __iter__(self) -> Iterator[dict[str, float]]:
        """One row an epoch: the names are the channels, the values what the report shows."""
        images, digits = load_digits(return_X_y=True)
        train = images[:N_TRAIN] / 16, digits[:N_TRAIN]
        valid = images[N_TRAIN : N_TRAIN + N_VALID] / 16, digits[N_TRAIN : N_TRAIN + N_VALID]
        classes = np.arange(10)
        for _ in range(self.epochs):
            self.classifier.partial_fit(*train, classes=classes)
            probabilities = self.classifier.predict_proba(valid[0])
            yield {
                "train_error": 1 - self.classifier.score(*train),
                "valid_error": 1 - self.classifier.score(*valid),
                "valid_nll": log_loss(valid[1], probabilities, labels=classes),
            }
