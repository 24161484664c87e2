"""A TCP proxy in front of a service, whose connections can be cut."""

import socket
import threading
import time
from contextlib import suppress


class CuttingProxy:
    """Passes every connection on to 127.0.0.1:`target`; `cut` ends all and refuses new ones for a while."""

    def __init__(self, target):
        self._target, self._closed_until = target, 0.0
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, seconds):
        """End all connections and those of the next `seconds`; return how many there were."""
        self._closed_until = time.monotonic() + seconds
        pairs = list(self._pairs)
        for each in (each for pair in pairs for each in pair):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        return len(pairs)

    def close(self):
        """Stop serving."""
        self._server.close()
        self.cut(0)

    @property
    def connections(self):
        """How many connections are open."""
        return len(self._pairs)

    def _accept(self):
        with suppress(OSError):  # closed
            while True:
                client, _ = self._server.accept()
                threading.Thread(
                    target=self._serve, args=(client,), daemon=True
                ).start()

    def _serve(self, client):
        with client, suppress(OSError):
            if time.monotonic() < self._closed_until:
                return
            with socket.create_connection(("127.0.0.1", self._target)) as server:
                pair = client, server
                self._pairs.add(pair)
                answers = threading.Thread(
                    target=_copy, args=(server, client), daemon=True
                )
                answers.start()
                _copy(client, server)
                answers.join()
                self._pairs.discard(pair)


def _copy(source, sink):
    """Copy until `source` ends, then end `sink`."""
    with suppress(OSError):
        while content := source.recv(1 << 16):
            sink.sendall(content)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
