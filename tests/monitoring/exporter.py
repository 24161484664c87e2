"""What turns Airflow's StatsD packets into a page that Prometheus scrapes.

A stand-in for prometheus/statsd_exporter that does as much of it as deploy/monitoring/statsd_mapping.yml
needs: tags in InfluxDB's form, glob rules, timings in seconds.
"""

import re
import socket
import threading
from collections import defaultdict
from contextlib import contextmanager
from socketserver import BaseRequestHandler, UDPServer

import pytest
import yaml

from tests.recipes import REPOSITORY
from tests.waiting import wait_until
from tests.website import website

MAPPING = REPOSITORY / "deploy" / "monitoring" / "statsd_mapping.yml"


class Exporter:
    """Receives packets and holds the current value of every series."""

    def __init__(self, mapping):
        self.statsd_port = 0
        self.web_port = 0
        self._rules = []
        for rule in mapping["mappings"]:
            pattern = re.escape(rule["match"]).replace(r"\*", "([^.]*)")
            self._rules.append((re.compile(pattern), rule))
        self._series = defaultdict(float)
        self._lock = threading.Lock()

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

    def take(self, packet):
        """Count the lines of one packet, such as `airflow.task.duration,dag_id=a:12.5|ms`."""
        for line in packet.splitlines():
            found = re.fullmatch(r"([^:]+):([-+0-9.e]+)\|(c|g|ms)", line)
            if found:
                with self._lock:
                    self._count(found[1], float(found[2]), found[3])

    def _count(self, stat, value, kind):
        stat, *tags = stat.split(",")
        name, labels = self.renamed(stat)
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

    def renamed(self, name):
        """The name and labels of a series, by the rules of the mapping."""
        for pattern, rule in self._rules:
            if found := pattern.fullmatch(name):
                labels = {}
                for label, text in rule.get("labels", {}).items():
                    labels[label] = text.replace("$1", found[1])
                return rule["name"], labels
        return re.sub(r"[^A-Za-z0-9_]", "_", name), {}

    def scrape(self):
        """The series by name and labels."""
        with self._lock:
            return dict(self._series)

    def until(self, series):
        """The value of `series` (a pattern) as soon as it is there."""

        def values():
            found = []
            for name, value in self.scrape().items():
                if re.fullmatch(series, name):
                    found.append(value)
            return found

        return wait_until(series, values, 120, pause=0.02)[0]


def shown(name, labels):
    pairs = [f'{label}="{text}"' for label, text in sorted(labels.items())]
    return f"{name}{{{','.join(pairs)}}}"


@contextmanager
def exporter():
    """Start one on free ports, with a page in Prometheus's text format."""
    started = Exporter(yaml.safe_load(MAPPING.read_text()))

    class Packet(BaseRequestHandler):
        def handle(self):
            started.take(self.request[0].decode())

    def answer(request):
        request.send_response(200)
        request.send_header("Content-Type", "text/plain; version=0.0.4")
        request.end_headers()
        for name, value in sorted(started.scrape().items()):
            request.wfile.write(f"{name} {value!r}\n".encode())

    inbox = UDPServer(("127.0.0.1", 0), Packet)
    inbox.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    with inbox, website() as site:
        site.answers["/metrics"] = answer
        started.statsd_port = inbox.server_address[1]
        started.web_port = site.port
        threading.Thread(target=inbox.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield started
        finally:
            inbox.shutdown()


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
