"""Clients of BigQuery that answer as the service may, and the emulator does not."""

from google.api_core.exceptions import Conflict


class OtherClient:
    """What a class does not define is the method of the `client` in its place."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        return getattr(self._client, name)


class RefusesLoads(OtherClient):
    """Lets the load's script fail `times` times; `begun` has the ids of its jobs."""

    def __init__(self, client, error, times):
        super().__init__(client)
        self._error = error
        self._times = times
        self.begun = []

    def query(self, sql, **options):
        if "BEGIN TRANSACTION" in sql:
            self.begun.append(options["job_id"])
            if len(self.begun) <= self._times:
                raise self._error
        return self._client.query(sql, **options)


class RunsAnIdOnce(OtherClient):
    """Refuses an id that a job has, as BigQuery does."""

    def __init__(self, client):
        super().__init__(client)
        self._jobs = {}

    def query(self, sql, job_id=None, **options):
        if job_id in self._jobs:
            raise Conflict(f"Already Exists: Job {job_id}")
        job = self._client.query(
            sql,
            job_id=job_id,
            **options,
        )
        if job_id:
            self._jobs[job_id] = job
        return job

    def get_job(self, job_id, **_):
        return self._jobs[job_id]


class ActsBeforeTheLoad(OtherClient):
    """Calls `act` once, before the load's script."""

    def __init__(self, client, act):
        super().__init__(client)
        self._act = act

    def query(self, sql, **options):
        if "BEGIN TRANSACTION" in sql and self._act:
            act, self._act = self._act, None
            act()
        return self._client.query(sql, **options)


class Expiring(OtherClient):
    """Has tables that expire, as in a dataset with default expirations, which the emulator ignores. Refuses
    the first updates of tables, each for one of the `refusals`."""

    def __init__(self, client, tables, refusals=()):
        super().__init__(client)
        self._refusals = list(refusals)
        self.tables = tables
        self.updated = []

    def _expire(self, table):
        table._properties.update(self.tables.get(table.table_id, {}))
        return table

    def list_tables(self, dataset, **options):
        tables = self._client.list_tables(dataset, **options)
        return [self._expire(table) for table in tables]

    def get_table(self, name, **options):
        return self._expire(self._client.get_table(name, **options))

    def update_table(self, table, properties, **options):
        if self._refusals:
            raise self._refusals.pop()
        self.updated.append((table.table_id, properties, table.expires))
        self.tables.pop(table.table_id, None)
