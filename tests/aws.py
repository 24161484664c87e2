"""A stand-in for Amazon's services: moto's server, over HTTP, with nothing in it."""

from contextlib import contextmanager
from dataclasses import dataclass

from demo.services.ports import free_port

REGION = "eu-central-1"


@dataclass(frozen=True)
class Aws:
    """Where the services are."""

    url: str

    @property
    def environment(self):
        """What makes every AWS client of a process come here."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service):
        """A client of the tests' own."""
        import boto3

        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )


@contextmanager
def aws():
    """Start the services on a free port of the loopback interface."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Aws(f"http://{host}:{port}")
    finally:
        server.stop()
