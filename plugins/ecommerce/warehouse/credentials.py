"""The BigQuery client of the connection `bigquery`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ecommerce.core.connections import connection_extra
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import CONNECTION_WAREHOUSE
from ecommerce.warehouse.bigquery_errors import bigquery_errors

if TYPE_CHECKING:
    from google.cloud import bigquery

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_KEYS = ("key_path", "keyfile_dict", "is_anonymous")
_USUAL_FIELDS = {*_KEYS, "project", "num_retries"}


def create_client(location: str) -> bigquery.Client:
    """Create the client that the Google provider's hook would create. Importing the hook takes four seconds,
    so it creates only those of connections with unusual fields, or with an invalid key.

    Raises:
        ConfigurationError: the connection does not exist or is invalid.
        CredentialsError: its credentials are invalid.
    """
    try:
        with bigquery_errors(f"connection {CONNECTION_WAREHOUSE}"):
            extra = connection_extra(CONNECTION_WAREHOUSE)
            return _usual_client(extra, location) or _hook_client(location)
    except (FileNotFoundError, PermissionError) as error:
        raise ConfigurationError(
            f"connection {CONNECTION_WAREHOUSE}: its key file {error.filename} cannot be read "
            f"({error.strerror}): set key_path in its extra to the service account's key on this machine"
        ) from None


def _usual_client(extra: Mapping[str, Any], location: str) -> bigquery.Client | None:
    import google.auth
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery
    from google.oauth2.service_account import Credentials

    fields = {name: value for name, value in extra.items() if value not in ("", None)}
    key_path, keyfile, is_anonymous = keys = [fields.get(name) for name in _KEYS]
    if not fields.keys() <= _USUAL_FIELDS or sum(map(bool, keys)) > 1:
        return None
    credentials: Any
    if is_anonymous:
        credentials, project = AnonymousCredentials(), None
    elif key_path:
        if not key_path.endswith(".json"):
            return None
        credentials = Credentials.from_service_account_file(key_path, scopes=SCOPES)
        project = credentials.project_id
    elif keyfile:
        try:
            info = dict(json.loads(keyfile) if isinstance(keyfile, str) else keyfile)
            info["private_key"] = info["private_key"].replace("\\n", "\n")
        except (ValueError, TypeError, LookupError, AttributeError):
            return None
        credentials = Credentials.from_service_account_info(info, scopes=SCOPES)
        project = credentials.project_id
    else:
        credentials, project = google.auth.default(scopes=SCOPES)
    project = fields.get("project") or project
    return bigquery.Client(project=project, location=location, credentials=credentials)


def _hook_client(location: str) -> bigquery.Client:
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

    hook = BigQueryHook(gcp_conn_id=CONNECTION_WAREHOUSE, location=location, use_legacy_sql=False)
    return hook.get_client(project_id=hook.project_id, location=location)
