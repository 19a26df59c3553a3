"""A port that was handed out stays free for whom it was meant, also while others look for one."""

import socket

import pytest

from launch.ports import LOOPBACK, any_free, is_free


def test_a_port_that_was_handed_out_is_given_to_nobody_else() -> None:
    port = any_free()

    with socket.socket() as somebody, pytest.raises(OSError, match="in use"):
        somebody.bind((LOOPBACK, port))


def test_a_server_can_listen_where_it_was_told_to() -> None:
    port = any_free()
    assert is_free(port)

    with socket.create_server((LOOPBACK, port)), socket.create_connection((LOOPBACK, port), timeout=5):
        assert not is_free(port)
