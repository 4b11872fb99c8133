"""What a training keeps outlives its processes; what comes too late is ignored."""

from __future__ import annotations

import subprocess
import sys

from hybridml.finetune.parallel.keeper import Keeper


def test_states_of_an_earlier_attempt_come_too_late() -> None:
    keeper = Keeper({"fit": b"of an earlier fit"})
    first = keeper.begin()
    assert keeper.load("fit") == b"of an earlier fit"
    keeper.save(first, "fit", b"first")
    second = keeper.begin()
    keeper.save(first, "fit", b"late")
    assert keeper.load("fit") == b"first"
    keeper.save(second, "fit", b"second")
    assert keeper.load("fit") == b"second"
    assert keeper.load("refit") is None


def test_news_of_this_attempt_are_given_until_they_are_heard() -> None:
    keeper = Keeper()
    first, second = keeper.begin(), keeper.begin()
    keeper.tell(first, ("epoch", {"epoch": 0}))
    keeper.tell(second, ("epoch", {"epoch": 1}))
    keeper.save(second, "fit", b"")
    news = [("epoch", {"epoch": 1}), ("saved", "fit")]
    assert keeper.news(0) == (news, None)
    assert keeper.news(0) == (news, None)  # it was not heard
    assert keeper.news(1) == (news[1:], None)
    keeper.tell(second, ("step", (1, 2)))
    assert keeper.news(2) == ([("step", (1, 2))], None)
    assert keeper.news(3) == ([], None)


def test_training_is_over_with_a_result() -> None:
    keeper = Keeper()
    late, attempt = keeper.begin(), keeper.begin()
    keeper.finish(late, b"late")
    assert not keeper.is_over()
    keeper.finish(attempt, b"result")
    assert keeper.is_over()
    assert keeper.result() == b"result"


def test_first_error_ends_a_training() -> None:
    keeper = Keeper()
    error = ValueError("the first")
    keeper.fail(error)
    keeper.fail(ValueError("another"))
    assert keeper.is_over()
    assert keeper.news(0) == ([], error)


def test_training_is_asked_to_end() -> None:
    keeper = Keeper()
    assert not keeper.is_to_stop()
    keeper.stop()
    assert keeper.is_to_stop()


def test_its_process_needs_no_pytorch() -> None:
    code = (
        "import sys, hybridml.finetune.parallel.keeper, "
        "hybridml.finetune.parallel.starting; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
