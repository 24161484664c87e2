"""The base of the company's web servers that are Flask applications."""

import logging

from flask import Flask
from werkzeug.serving import make_server

from demo.services.http_service import HttpService
from demo.services.ports import listen_address


class FlaskService(HttpService):
    """An HTTP server of a Flask application; port 0 picks a free one."""

    def __init__(self, port: int, app: Flask) -> None:
        # It would log a line per request.
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        self._server = make_server(listen_address(), port, app, threaded=True)
