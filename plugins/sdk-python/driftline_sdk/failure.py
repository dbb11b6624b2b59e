"""How a metric fails on purpose."""


class Failure(Exception):
    """Its message is shown to the user as written; of any other exception, the traceback is.

    `kind` is "invalid-parameters" (they fit the schema but make no sense together), "invalid-data" (the rows or a saved
    state cannot be used) or "failed".
    """

    def __init__(self, message: str, kind: str = "failed"):
        super().__init__(message)
        self.kind = kind

    @classmethod
    def parameters(cls, message: str) -> "Failure":
        return cls(message, "invalid-parameters")

    @classmethod
    def data(cls, message: str) -> "Failure":
        return cls(message, "invalid-data")
