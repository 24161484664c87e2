"""What the connection to the partner's server says, and what is wrong with it."""

import json
import re

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.forecast.partner_ftp.fetch import script_environment


@pytest.fixture
def environment(monkeypatch):
    """The script's environment for a connection with these fields."""

    def of(**fields):
        value = {
            "conn_type": "ftp",
            "host": "ftp.partner.example",
            "login": "shop",
            "password": "secret",
        }
        monkeypatch.setenv(
            "AIRFLOW_CONN_PARTNER_FTP",
            json.dumps(value | fields),
        )
        return script_environment()

    return of


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({}, "ftp://ftp.partner.example:21/"),
        ({"host": "[2001:db8::7]", "port": 2121}, "ftp://[2001:db8::7]:2121/"),
        (
            {"extra": {"path": "/exports/shop/"}},
            "ftp://ftp.partner.example:21/%2Fexports/shop/",
        ),
        ({"extra": {"path": "a b/50%"}}, "ftp://ftp.partner.example:21/a%20b/50%25/"),
    ],
)
def test_host_port_and_path_make_the_folders_address(environment, fields, url):
    assert environment(**fields)["FTP_URL"] == url


def test_a_connection_may_be_a_uri(monkeypatch):
    uri = "ftp://shop:se%23cret@ftp.partner.example/exports?tls=required"
    monkeypatch.setenv("AIRFLOW_CONN_PARTNER_FTP", uri)
    found = script_environment()
    assert found["FTP_URL"] == "ftp://ftp.partner.example:21/exports/"
    assert found["FTP_OPTIONS"].splitlines() == ["ssl-reqd", 'user = "shop:se#cret"']


@pytest.mark.parametrize(
    ("extra", "option"),
    [({}, "ssl-reqd"), ({"tls": "required"}, "ssl-reqd"), ({"tls": "offered"}, "ssl")],
)
def test_tls_is_required_unless_it_is_switched_off(environment, extra, option):
    options = environment(extra=extra)["FTP_OPTIONS"]
    assert options.splitlines()[0] == option


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"host": "ftp://partner.example"}, "is not a server's name"),
        (
            {"host": "partner.example/exports"},
            "a folder belongs in its extra as `path`",
        ),
        (
            {"password": "a\r\nDELE promotions.csv"},
            "`user` for curl has a character that cannot be sent",
        ),
        (
            {"extra": {"tls": "always"}},
            "`tls` in the extra of the connection partner_ftp is 'always'",
        ),
    ],
)
def test_a_connection_that_cannot_be_used_says_so(environment, fields, words):
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        environment(**fields)
