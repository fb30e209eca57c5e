"""Spreadsheets and CSV files on their way in: read, mapped, tried out, imported row by row, reported on."""
