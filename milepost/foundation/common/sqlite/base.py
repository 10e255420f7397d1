from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, override

from django.db.backends.sqlite3 import base

from .turns import Turns

# The stubs of Django leave out the inner methods of a backend that are overridden here.
# mypy: disable-error-code="misc"


_CHANGES = re.compile(r"\s*(?:insert|update|delete|replace)\b", re.IGNORECASE)


class _Cursor(base.SQLiteCursorWrapper):
    in_turn: Callable[[], AbstractContextManager[None]]

    @override
    def execute(self, query: str, params: Any = None) -> Any:
        with self.in_turn() if _CHANGES.match(query) else nullcontext():
            return super().execute(query, params)

    @override
    def executemany(self, query: str, param_list: Any) -> Any:
        with self.in_turn() if _CHANGES.match(query) else nullcontext():
            return super().executemany(query, param_list)


class DatabaseWrapper(base.DatabaseWrapper):
    """Writes in turn: each transaction, and each single statement outside one that changes rows."""

    _turns: Turns | None = None

    @override
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        made = super().get_new_connection(conn_params)
        if self._turns is None and not self.is_in_memory_db():
            self._turns = Turns(str(conn_params["database"]))
        return made

    @override
    def create_cursor(self, name: str | None = None) -> Any:
        made = self.connection.cursor(factory=_Cursor)
        made.in_turn = self._in_turn
        return made

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if self._turns is None or self.in_atomic_block:
            yield
            return
        self._turns.take()
        try:
            yield
        finally:
            self._turns.leave()

    @override
    def _start_transaction_under_autocommit(self) -> None:
        if self._turns is None:
            super()._start_transaction_under_autocommit()
            return
        self._turns.take()
        try:
            super()._start_transaction_under_autocommit()
        except BaseException:
            self._turns.leave()
            raise

    @override
    def _commit(self) -> None:
        try:
            super()._commit()
        finally:
            self._leave()

    @override
    def _rollback(self) -> None:
        try:
            super()._rollback()
        finally:
            self._leave()

    @override
    def _close(self) -> None:
        super()._close()
        if self._turns is not None:
            self._turns.close()
            self._turns = None

    def _leave(self) -> None:
        if self._turns is not None:
            self._turns.leave()
