"""A TCP proxy in front of a service, whose connections can be cut."""

import selectors
import socket
import threading
import time
from contextlib import suppress


class CuttingProxy:
    """Passes every connection on to 127.0.0.1:`target`; `cut` ends all and refuses new ones for a while."""

    def __init__(self, target: int) -> None:
        self._target, self._closed_until = target, 0.0
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, seconds: float) -> int:
        """End all connections and those of the next `seconds`; return how many there were."""
        with self._lock:
            self._closed_until = time.monotonic() + seconds
            pairs = list(self._pairs)
        for pair in pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        return len(pairs)

    def close(self) -> None:
        """Stop serving."""
        self._server.close()
        self.cut(0)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._pairs)

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            if time.monotonic() < self._closed_until:
                return
            with socket.create_connection(("127.0.0.1", self._target)) as server:
                pair = client, server
                with self._lock:
                    self._pairs.add(pair)
                try:
                    _pump(client, server)
                finally:
                    with self._lock:
                        self._pairs.discard(pair)


def _pump(client: socket.socket, server: socket.socket) -> None:
    """Copy both directions until one side closes; a half-closed direction ends the other when it is empty."""
    with selectors.DefaultSelector() as ready:
        for source, sink in ((client, server), (server, client)):
            ready.register(source, selectors.EVENT_READ, sink)
        while ready.get_map():
            for key, _ in ready.select():
                source = key.fileobj
                assert isinstance(source, socket.socket)
                if content := source.recv(1 << 16):
                    key.data.sendall(content)
                    continue
                ready.unregister(source)
                with suppress(OSError):
                    key.data.shutdown(socket.SHUT_WR)
