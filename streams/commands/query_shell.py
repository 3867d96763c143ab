"""The shell of `inkstream query`: statements until a semicolon, history, completion, the tables there are."""

from __future__ import annotations

import cmd
import sys
from collections.abc import Callable
from pathlib import Path

from models.errors import InkstreamError
from streams.commands.query import FORMATS
from streams.escapes import plain
from streams.paths import private_file, user_cache
from streams.table.columns import ROWS, TABLES, meaning

_HISTORY_LINES = 1000
_WORDS = ("SELECT", "FROM", "WHERE", "MATCH", "ORDER BY", "GROUP BY", "LIMIT", "COUNT(*)", *TABLES)


class QueryShell(cmd.Cmd):
    """Reads statements from a terminal, and prints what is answered, until .quit or the end of its input."""

    intro = "SQL ends with a semicolon; .help lists the rest, .quit or Ctrl-D ends."
    prompt = "inkstream> "
    doc_header = "Commands:"

    def __init__(self, ask: Callable[[str, str], None], output: str) -> None:
        """Create a shell.

        Args:
            ask: Prints the answer to a statement in a format; raises InkstreamError.
            output: The format that it begins with.
        """
        super().__init__()
        self._ask = ask
        self._output = output
        self._lines: list[str] = []

    def run(self) -> None:
        """Run until its end. Ctrl-C drops the statement that is being typed, or the wait for an answer."""
        history = _history()
        intro: str | None = self.intro
        while True:
            try:
                self.cmdloop(intro)
                break
            except KeyboardInterrupt:
                print()
                self._begin()
                intro = ""
        _keep(history)

    def onecmd(self, line: str) -> bool:
        """Take one line; return whether it was the last."""
        if line == "EOF":
            print()
            return True
        if not self._lines and line.strip().startswith("."):
            return self._command(*line.strip().rstrip(";").split()[:2])
        if line.strip() or self._lines:
            self._lines.append(line)
            self.prompt = "      ...> "
        if line.rstrip().endswith(";"):
            statement = "\n".join(self._lines).rstrip().rstrip(";")
            self._begin()
            self._answer(statement)
        return False

    def completenames(self, text: str, *_: object) -> list[str]:
        """Return the words that may stand here."""
        columns = {column for names in TABLES.values() for column in names}
        words = [*_WORDS, *sorted(columns), ".tables", ".schema", ".format", ".help", ".quit"]
        return [word for word in words if word.lower().startswith(text.lower())]

    def completedefault(self, text: str, *_: object) -> list[str]:
        """Return the words that may stand behind the first."""
        return self.completenames(text)

    def _begin(self) -> None:
        self._lines, self.prompt = [], type(self).prompt

    def _answer(self, statement: str) -> None:
        try:
            self._ask(statement, self._output)
        except InkstreamError as error:
            print(plain(f"error: {error.message}"), file=sys.stderr)

    def _command(self, name: str, argument: str = "") -> bool:
        if name in (".quit", ".exit"):
            return True
        if name == ".tables":
            for table, rows in ROWS.items():
                print(f"{table:<10} {rows}")
        elif name == ".schema" and argument in ("", *TABLES):
            for table in [argument] if argument else TABLES:
                print(f"{table}: {ROWS[table]}")
                for column in TABLES[table]:
                    print(f"  {column:<14} {meaning(table, column)}")
        elif name == ".format" and argument in FORMATS:
            self._output = argument
        else:
            print(
                ".tables            the tables\n"
                f".schema [TABLE]    their columns: {', '.join(TABLES)}\n"
                f".format FORMAT     {', '.join(FORMATS)}; now {self._output}\n"
                ".quit              end, as Ctrl-D does\n"
                "SELECT path, pagenum, text FROM result WHERE result MATCH 'invoice' LIMIT 10;"
            )
        return False


def _history() -> Path:
    """Read the statements of earlier shells, where this Python has readline; return the file that has them."""
    file = user_cache("query-history")
    try:
        import readline
    except ImportError:
        return file
    readline.set_completer_delims(" \t\n(),;=")
    readline.set_history_length(_HISTORY_LINES)
    if file.exists():
        readline.read_history_file(file)
    return file


def _keep(file: Path) -> None:
    """Keep the statements for the next shell, for this user alone."""
    try:
        import readline
    except ImportError:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        private_file(file)
        readline.write_history_file(file)
    except OSError as error:
        print(f"note: the history is not kept: {error.strerror}", file=sys.stderr)
