"""Sockets of servers, whose errors name the option that helps."""

from __future__ import annotations

import pytest

from vaner.errors import VanerError
from vaner.utils.sockets import bind_socket, format_url


def test_an_address_that_cannot_be_used_is_an_error_with_the_right_option() -> None:
    with bind_socket("127.0.0.1", 0) as bound:
        assert format_url(bound) == f"http://127.0.0.1:{bound.getsockname()[1]}"
        bound.listen()
        with pytest.raises(VanerError, match=r"127\.0\.0\.1:\d+: .*; choose another port$") as used:
            bind_socket("127.0.0.1", bound.getsockname()[1])
    assert used.value.argument == "port"
    for host in ("192.0.2.1", "host.invalid"):  # reserved: of no machine
        with pytest.raises(VanerError, match=rf"{host}(:0)?: .*; choose another address$") as other:
            bind_socket(host, 0)
        assert other.value.argument == "host"
