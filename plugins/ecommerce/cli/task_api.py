"""The API that tasks call, for one process that runs both sides of it."""


def build_newest_versions_only() -> None:
    """Let Airflow build the two newest versions of its task API. All of them take five seconds, and a task of
    the same installation calls the newest. Call this before the first task."""
    from cadwyn import HeadVersion, Version, VersionBundle

    make = VersionBundle.__init__

    def make_newest(self: VersionBundle, head: HeadVersion, *versions: Version) -> None:
        *newest, last = versions[:3]  # the last one has no changes
        make(self, head, *newest, Version(last.value))

    VersionBundle.__init__ = make_newest  # type: ignore[assignment,method-assign]
