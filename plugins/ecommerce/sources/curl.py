"""What the shell scripts that fetch by curl are given, and what they leave when they fail."""

from __future__ import annotations

from pathlib import Path

from ecommerce.core import errors

_KINDS: dict[str, type[errors.PipelineError]] = {
    "configuration": errors.ConfigurationError,
    "contract": errors.ContractError,
    "credentials": errors.CredentialsError,
    "limited": errors.RateLimitedError,
    "transient": errors.TransientError,
}


def option(name: str, value: str) -> str:
    """A line of a curl configuration. `value` may hold anything but control characters."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name} = "{quoted}"'


def problem(folder: Path, script: str, connection: str) -> errors.PipelineError:
    """Why `script` failed, as the error that its task raises: the file `problem` in `folder` has the kind of
    failure in its first line, and one sentence in its second."""
    try:
        kind, sentence, *_ = (folder / "problem").read_text().splitlines()
    except (OSError, ValueError):
        kind, sentence = "", f"{script} was stopped, or failed without saying why: see the lines above"
    return _KINDS.get(kind, errors.PipelineError)(f"{connection}: {sentence}")
