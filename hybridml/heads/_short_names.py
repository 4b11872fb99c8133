"""How a wrapper takes the parameters of the estimator inside by their short names."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import BaseEstimator


class ShortNames(BaseEstimator):
    """Makes ``set_params(C=1)`` on a wrapper mean ``set_params(estimator__C=1)``.

    A search grid with the key "head__C" then fits a head whether or not it is wrapped.
    Subclasses keep the estimator inside under the parameter `estimator`.
    """

    def set_params(self, **params: Any) -> Self:
        """Set own parameters; whatever is not one goes to the estimator inside."""
        own = self.get_params(deep=False)
        routed = {
            name if name.partition("__")[0] in own else f"estimator__{name}": value
            for name, value in params.items()
        }
        super().set_params(**routed)
        return self
