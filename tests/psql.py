"""The client of PostgreSQL that comes with the servers of tests."""

import os
import subprocess

from ecommerce.cli.local_postgres import binaries


def psql(server, sql, database="postgres"):
    """Run `sql` on a server until the first error, and return the output."""
    address = ["-h", "127.0.0.1", "-p", str(server.port), "-U", server.user, database]
    done = subprocess.run(
        [binaries() / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", *address],
        input=sql,
        text=True,
        check=True,
        capture_output=True,
        env=os.environ | {"PGPASSWORD": server.password},
    )
    return done.stdout
