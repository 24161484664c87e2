"""The API that tasks call, in a process that runs both the API and the tasks."""


def build_newest_versions_only() -> None:
    """Make Airflow build only the two newest versions of its task API; call it before the first task.

    All versions take five seconds, and tasks of the same installation call the newest.
    """
    from cadwyn import HeadVersion, Version, VersionBundle

    make = VersionBundle.__init__

    def make_newest(self: VersionBundle, head: HeadVersion, *versions: Version) -> None:
        *newest, last = versions[:3]  # the oldest version of a bundle has no changes
        make(self, head, *newest, Version(last.value))

    VersionBundle.__init__ = make_newest  # type: ignore[assignment,method-assign]
