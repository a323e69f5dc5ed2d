"""What is raised for a text that cannot be read as what it should be."""


class UnreadableError(Exception):
    """``offset`` is where, in characters from 0."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
