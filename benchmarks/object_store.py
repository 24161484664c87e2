"""Google Cloud Storage with the files of its buckets in a folder, where the BigQuery emulator reads them.

`.bench/venv/bin/python benchmarks/object_store.py PORT FOLDER`
"""

import http.server
import sys

from gcp_storage_emulator.__main__ import main
from gcp_storage_emulator.storage import Storage

if __name__ == "__main__":
    # Otherwise, one client's open connection blocks all others.
    http.server.HTTPServer = http.server.ThreadingHTTPServer
    # Otherwise, it writes a list of all objects with each of them.
    Storage._write_config_to_file = lambda self: None
    main(
        [
            "--data-dir",
            sys.argv[2],
            "start",
            "--host",
            "127.0.0.1",
            "--port",
            sys.argv[1],
            "--quiet",
        ]
    )
