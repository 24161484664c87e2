"""What turns Airflow's StatsD packets into a page that Prometheus scrapes.

A stand-in for prometheus/statsd_exporter that does as much of it as deploy/monitoring/statsd_mapping.yml
needs: tags in InfluxDB's form, glob rules, timings in seconds.
"""

import re
import socket
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, UDPServer
from urllib.request import urlopen

import pytest
import yaml

from demo.services.ports import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
MAPPING = REPOSITORY / "deploy" / "monitoring" / "statsd_mapping.yml"


class StandIn:
    """Holds the current value of every series."""

    def __init__(self, mapping):
        self._rules = []
        for rule in mapping["mappings"]:
            pattern = re.escape(rule["match"]).replace(r"\*", "([^.]*)")
            self._rules.append((re.compile(pattern), rule))
        self._series = defaultdict(float)
        self._lock = threading.Lock()

    def take(self, packet):
        """Count the lines of one packet, such as `airflow.task.duration,dag_id=a:12.5|ms`."""
        for line in packet.splitlines():
            found = re.fullmatch(r"([^:]+):([-+0-9.e]+)\|(c|g|ms)", line)
            if found:
                with self._lock:
                    self._count(found[1], float(found[2]), found[3])

    def _count(self, stat, value, kind):
        stat, *tags = stat.split(",")
        name, labels = self._renamed(stat)
        labels |= dict(tag.split("=", 1) for tag in tags)
        if kind == "g":
            self._series[shown(name, labels)] = value
        elif kind == "c":
            self._series[shown(name, labels)] += value
        else:
            seconds = value / 1000
            self._series[shown(f"{name}_count", labels)] += 1
            self._series[shown(f"{name}_sum", labels)] += seconds
            self._series[shown(name, labels | {"quantile": "0.99"})] = seconds

    def _renamed(self, name):
        for pattern, rule in self._rules:
            if found := pattern.fullmatch(name):
                labels = {}
                for label, text in rule.get("labels", {}).items():
                    labels[label] = text.replace("$1", found[1])
                return rule["name"], labels
        return re.sub(r"[^A-Za-z0-9_]", "_", name), {}

    def page(self):
        """Everything in Prometheus's text format."""
        with self._lock:
            series = sorted(self._series.items())
        return "".join(f"{name} {value!r}\n" for name, value in series)


def shown(name, labels):
    pairs = [f'{label}="{text}"' for label, text in sorted(labels.items())]
    return f"{name}{{{','.join(pairs)}}}"


class Exporter:
    """Where to send packets to, and the page they become."""

    def __init__(self, statsd_port, web_port):
        self.statsd_port, self.web_port = statsd_port, web_port

    @property
    def airflow_environment(self):
        """What makes Airflow send here: as docker-compose.yaml has it, but for the address."""
        return {
            "AIRFLOW__METRICS__STATSD_ON": "true",
            "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(self.statsd_port),
            "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "true",
            "AIRFLOW__METRICS__LEGACY_NAMES_ON": "false",
        }

    def scrape(self):
        """The series by name and labels, as they stand on the page."""
        with urlopen(f"http://127.0.0.1:{self.web_port}/metrics", timeout=30) as page:
            lines = page.read().decode().splitlines()
        pairs = (line.rpartition(" ") for line in lines)
        return {series: float(value) for series, _, value in pairs}

    def until(self, series, limit=120):
        """The value of `series` (a pattern) as soon as it is there."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            for name, value in self.scrape().items():
                if re.fullmatch(series, name):
                    return value
            time.sleep(0.1)
        raise AssertionError(f"{series} never came; there is {sorted(self.scrape())}")


@contextmanager
def exporter():
    """Start one on free ports."""
    ports = Exporter(_free_udp_port(), free_port())
    state = StandIn(yaml.safe_load(MAPPING.read_text()))

    class Packet(BaseRequestHandler):
        def handle(self):
            state.take(self.request[0].decode())

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(state.page().encode())

        def log_message(self, *arguments):
            pass

    inbox = UDPServer(("127.0.0.1", ports.statsd_port), Packet)
    inbox.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    web = ThreadingHTTPServer(("127.0.0.1", ports.web_port), Page)
    with inbox, web:
        for server in (inbox, web):
            threading.Thread(
                target=server.serve_forever, args=(0.05,), daemon=True
            ).start()
        try:
            yield ports
        finally:
            inbox.shutdown()
            web.shutdown()


@contextmanager
def sending_to(server):
    """This process sends its metrics to `server`, set up from Airflow's configuration as a task is."""
    from airflow.sdk.observability import stats
    from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

    with pytest.MonkeyPatch.context() as environment:
        for name, value in server.airflow_environment.items():
            environment.setenv(name, value)
        stats.initialize(factory=get_stats_factory(), export_legacy_names=False)
        yield
    stats.initialize(factory=get_stats_factory(), export_legacy_names=False)


def _free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
