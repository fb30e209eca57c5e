"""A file on its way: counted and hashed while it passes, and on record how it ended, waited for or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import transaction

from tickets.models import Export
from tickets.services.exports import tracks
from tickets.services.exports.cells import Tally
from tickets.services.exports.paper import Block, csv_file, paper_of
from tickets.services.exports.workbook import MIME, xlsx_file

_S = Export.State
_FILES = {Export.Format.CSV: csv_file, Export.Format.XLSX: xlsx_file}
_MIMES = {Export.Format.CSV: "text/csv; charset=utf-8", Export.Format.XLSX: MIME}


class Sending:
    """Bytes for a streaming answer, to be walked once. The server closes it, whether or not all of it has left.

    `kept`: the file exists already, so that its row stays as it is.
    """

    def __init__(self, export: Export, blocks: Iterable[Block], *, kept: bool = False) -> None:
        paper = paper_of(export)
        self.export, self.name, self.mime = export, paper.name, _MIMES[Export.Format(export.format)]
        self._kept, self._over, self._tally = kept, False, Tally()
        self._pieces = _FILES[Export.Format(export.format)](paper, blocks, self._tally)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next bytes; the one after the last puts it on record that all have left."""
        try:
            return next(self._pieces)
        except StopIteration:
            self._end(_S.SENT)
            raise
        except BaseException:
            self._end(_S.BROKEN)
            raise

    def close(self) -> None:
        """Broken off, unless it is over."""
        self._end(_S.BROKEN)

    def _end(self, state: str) -> None:
        if self._over:
            return
        self._over = True
        whole = state == _S.SENT
        with transaction.atomic():
            if whole:
                self.export.digest = self._tally.digest()
            entry = tracks.leave(self.export, tracks.SENT if whole else tracks.BROKEN, rows=self._tally.rows)
            if not self._kept:
                self.export.state, self.export.rows, self.export.finished_at = state, self._tally.rows, entry.at
                self.export.save(update_fields=["state", "rows", "digest", "finished_at"])
