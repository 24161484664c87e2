"""The failures of deliveries that do not stop the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ecommerce.core.error_messages import failure_reason
from ecommerce.core.errors import PipelineError, TransientError


@dataclass
class Failures:
    """The errors of subscriptions by name."""

    errors: dict[str, Exception] = field(default_factory=dict)

    @contextmanager
    def collected(self, name: str) -> Iterator[None]:
        """Keep the error of the block, which belongs to the subscription `name`."""
        try:
            yield
        except Exception as error:
            self.errors[name] = error

    def raise_all(self) -> None:
        """Raise PipelineError with the names and reasons, if there are any; TransientError where each may
        succeed later. Its text has no address."""
        if not self.errors:
            return
        errors = self.errors.items()
        reasons = [f"{name}: {failure_reason(error)}" for name, error in errors]
        is_transient = all(isinstance(error, TransientError) for _, error in errors)
        kind = TransientError if is_transient else PipelineError
        raise kind(f"not delivered: {'; '.join(reasons)}")
