"""The one kind of error that the user can mend."""


class InputError(Exception):
    """What the user gave cannot work; the message is one sentence: what was wrong, what would work.

    Raised where the knowledge is, caught once, in `catoptric.cli` (exit code 2). Any other
    exception is a bug and shows its traceback.
    """
