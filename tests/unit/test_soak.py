"""The plan of a soak, and its proxy."""

import socket

from tests.soak.cutting_proxy import CuttingProxy
from tests.soak.plan import plan
from tests.soak.steps import PER_HOUR


def test_a_seed_gives_the_same_plan_and_another_seed_another_one():
    assert plan(7, 60, PER_HOUR) == plan(7, 60, PER_HOUR)
    assert plan(7, 60, PER_HOUR) != plan(8, 60, PER_HOUR)


def test_every_kind_of_step_occurs_in_an_hour():
    steps = plan(7, 60, PER_HOUR)
    assert {step.kind for step in steps} == set(PER_HOUR)
    assert steps == sorted(steps)
    assert all(
        0 <= step.at <= 3600 and 0 <= step.target < 1 and 0 <= step.extent < 1
        for step in steps
    )


def test_a_short_soak_has_as_many_steps_a_minute():
    assert abs(len(plan(7, 6, PER_HOUR)) * 10 - sum(PER_HOUR.values())) <= 100


def test_a_cut_ends_open_connections_and_refuses_others_for_a_while():
    with socket.create_server(("127.0.0.1", 0)) as target:
        proxy = CuttingProxy(target.getsockname()[1])
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.sendall(b"question")
            server, _ = target.accept()
            with server:
                assert server.recv(8) == b"question"
                server.sendall(b"answer")
                assert client.recv(6) == b"answer"
                assert proxy.cut(3600) == 1
                assert (client.recv(1), server.recv(1)) == (b"", b"")
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            assert client.recv(1) == b""
        proxy.close()
