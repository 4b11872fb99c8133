"""A mailbox reads every letter once, from wherever in the machine it comes."""

from __future__ import annotations

import pickle
import socket
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from hybridml.exceptions import TrackingWarning
from hybridml.tracking.searching import mailbox as mailbox_module
from hybridml.tracking.searching.mailbox import Address, Mailbox


def as_from_elsewhere(address: Address) -> Address:
    """The address as another process has it."""
    copy: Address = pickle.loads(pickle.dumps(replace(address, process=-1)))
    return copy


@pytest.mark.parametrize("send_to", [lambda a: a, as_from_elsewhere])
def test_letters_are_read_in_order(send_to: Any) -> None:
    read: list[Any] = []
    with Mailbox(read.append) as mailbox:
        for number in range(20):
            send_to(mailbox.address).send({"n": number, "x": float("inf")})
    assert read == [{"n": number, "x": float("inf")} for number in range(20)]


def test_letters_of_many_threads_all_arrive() -> None:
    read: list[Any] = []
    with Mailbox(read.append) as mailbox:
        elsewhere = as_from_elsewhere(mailbox.address)
        threads = [
            threading.Thread(target=elsewhere.send, args=({"n": n},)) for n in range(30)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(letter["n"] for letter in read) == list(range(30))


def test_a_slow_reader_does_not_slow_the_sender() -> None:
    release = threading.Event()
    with Mailbox(lambda _: release.wait(20)) as mailbox:
        started = time.perf_counter()
        for n in range(3):
            as_from_elsewhere(mailbox.address).send({"n": n})
        took_s = time.perf_counter() - started
        release.set()
    assert took_s < 10


def send_two_to_a_reader_that_fails(error: BaseException | None = None) -> None:
    with Mailbox(lambda _: 1 / 0) as mailbox:
        mailbox.address.send({"n": 1})
        mailbox.address.send({"n": 2})
        if error is not None:
            raise error


def test_what_the_reader_raises_is_raised_at_the_end() -> None:
    with pytest.raises(ZeroDivisionError):
        send_two_to_a_reader_that_fails()


def test_an_error_of_the_block_comes_before_one_of_the_reader() -> None:
    with pytest.raises(KeyError):
        send_two_to_a_reader_that_fails(KeyError())


@pytest.mark.parametrize("send_to", [lambda a: a, as_from_elsewhere])
def test_a_letter_to_a_closed_box_is_lost_without_an_error(send_to: Any) -> None:
    read: list[Any] = []
    with Mailbox(read.append) as mailbox:
        address = mailbox.address
    send_to(address).send({"n": 1})
    assert read == []


def test_a_caller_with_the_wrong_key_is_not_heard() -> None:
    read: list[Any] = []
    with Mailbox(read.append) as mailbox:
        stranger = replace(as_from_elsewhere(mailbox.address), key=b"guessed")
        stranger.send({"n": 1})
        mailbox.address.send({"n": 2})
    assert read == [{"n": 2}]


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="speaks to a Unix socket")
def test_a_caller_that_dies_while_it_speaks_does_not_close_the_box() -> None:
    read: list[Any] = []
    with Mailbox(read.append) as mailbox:
        with socket.socket(socket.AF_UNIX) as dying:
            dying.connect(mailbox.address.path)
        as_from_elsewhere(mailbox.address).send({"n": 1})
    assert read == [{"n": 1}]


def test_without_a_socket_this_process_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**_: Any) -> None:
        raise OSError("AF_UNIX path too long")

    monkeypatch.setattr(mailbox_module, "Listener", refuse)
    with pytest.warns(TrackingWarning, match=r"cannot be heard \(AF_UNIX path too"):
        assert read_from_here_and_elsewhere() == ["here"]


def read_from_here_and_elsewhere() -> list[str]:
    read: list[str] = []
    with Mailbox(lambda letter: read.append(letter["from"])) as mailbox:
        mailbox.address.send({"from": "here"})
        as_from_elsewhere(mailbox.address).send({"from": "elsewhere"})
    return read


def test_the_key_is_not_shown() -> None:
    with Mailbox(lambda _: None) as mailbox:
        assert "key" not in repr(mailbox.address)
