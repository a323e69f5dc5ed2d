"""The one error that a user may see."""


class IsolationError(Exception):
    """The user's input or set-up is wrong: ``message`` says what, ``hint`` what to do about it.

    The command line ends with status 2; a dbt run ends with dbt's own 2.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message
