"""What a long text has in place of another one, so that a snapshot holds only that."""

from difflib import SequenceMatcher


def differences(text, whole):
    """Return the lines that only `text` has; equal ones are counted."""
    lines = text.splitlines()
    matcher = SequenceMatcher(None, whole.splitlines(), lines, autojunk=False)
    shown = []
    for kind, _, _, first, last in matcher.get_opcodes():
        if kind == "equal":
            shown.append(f"… {last - first} equal lines")
        else:
            shown += lines[first:last]
    return "\n".join(shown)
