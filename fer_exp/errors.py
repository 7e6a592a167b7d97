"""The two ways a command ends badly; cli.py turns them into one sentence and an exit code."""


class RequestError(Exception):
    """What was asked for cannot be done as asked: exit code 2.

    The message is one sentence or two for the person who typed the command: what was wrong, where (file, row, key),
    and the way out.
    """


class DatasetNotFoundError(RequestError):
    """A corpus is not where ``dataset.root`` points."""


class RunError(Exception):
    """The request was sound but the run failed (a loss of nan, a full disk): exit code 1, message as above."""
