"""Bulletins (通报): what is said of one region or department and one month, as sections, tables and charts."""

from tickets.figures.bulletin.compose import compose
from tickets.figures.bulletin.content import Bars, Block, Cell, Columns, Content, Paragraph, Row, Section, Table
from tickets.figures.bulletin.month import Month, MonthFigures, Place, counted_at, month_figures, month_from, window_at

__all__ = [
    "Bars",
    "Block",
    "Cell",
    "Columns",
    "Content",
    "Month",
    "MonthFigures",
    "Paragraph",
    "Place",
    "Row",
    "Section",
    "Table",
    "compose",
    "counted_at",
    "month_figures",
    "month_from",
    "window_at",
]
