"""What a training keeps outside of the processes that train, any of which may die."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

News = tuple[str, Any]


@dataclass
class Keeper:
    """The last state of a training, what it has to tell, and what came of it.

    It lives in a process of its own, which knows bytes alone: it is there at once, and
    needs no PyTorch. Each time that all who train begin anew, because
    one was lost, is an attempt; what is still on its way from an earlier one is
    ignored.

    Parameters
    ----------
    states : dict of {str: bytes}
        Of an earlier training, by part, as `pack` makes them.
    """

    states: dict[str, bytes] = field(default_factory=dict)
    _attempt: int = 0
    _news: list[News] = field(default_factory=list)
    _n_forgotten: int = 0
    _stop: bool = False
    _result: bytes | None = None
    _error: BaseException | None = None

    def begin(self) -> int:
        """Begin an attempt, and say which."""
        self._attempt += 1
        return self._attempt

    def is_over(self) -> bool:
        """Whether there is nothing left to train."""
        return self._result is not None or self._error is not None

    def save(self, attempt: int, part: str, state: bytes) -> None:
        """Keep the state of a part in place of the last one."""
        if attempt == self._attempt:
            self.states[part] = state
            self._news.append(("saved", part))

    def load(self, part: str) -> bytes | None:
        """Return the state of a part, if there is one."""
        return self.states.get(part)

    def tell(self, attempt: int, news: News) -> None:
        """Take news."""
        if attempt == self._attempt:
            self._news.append(news)

    def finish(self, attempt: int, result: bytes) -> None:
        """Take what came of the training."""
        if attempt == self._attempt:
            self._result = result

    def fail(self, error: BaseException) -> None:
        """Take an error that would come up again in another attempt."""
        self._error = self._error or error

    def stop(self) -> None:
        """Ask the training to end."""
        self._stop = True

    def is_to_stop(self) -> bool:
        """Whether the training is asked to end."""
        return self._stop

    def news(self, n_heard: int) -> tuple[list[News], BaseException | None]:
        """Return the news after so many that were heard, and the error that ended all.

        Those that were heard are forgotten.
        """
        self._news = self._news[n_heard - self._n_forgotten :]
        self._n_forgotten = n_heard
        return self._news, self._error

    def result(self) -> bytes | None:
        """Return what came of the training, if it has ended."""
        return self._result
