"""Three files of one content: the same numbers, the same bytes, Chinese that prints anywhere."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import docx
import openpyxl
import pytest
from pypdf import PdfReader

from qihu.accounts.models import Department
from qihu.audit.models import Entry
from tests.people import user
from tests.tickets.bulletins.stories import AT, a_month, counted
from tickets.models import Bulletin
from tickets.services.bulletins import making
from tickets.services.bulletins.handing import handed_over
from tickets.services.bulletins.rendering import digest, rendered
from tickets.services.harmless import harmless

pytestmark = pytest.mark.django_db


def pages_of(made: bytes):
    return PdfReader(BytesIO(made)).pages


class TestFiles:
    def test_the_same_content_gives_the_same_bytes(self, city):
        a_month()
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        content = making.content_of(Bulletin.objects.get(pk=made.pk))
        for kind, first in made.hashes.items():
            assert digest(rendered(content, kind)) == first

    def test_each_opens_and_says_the_same(self, city):
        a_month()
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        content = making.content_of(made)
        book = openpyxl.load_workbook(BytesIO(rendered(content, "xlsx")))
        values = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert any("衢州市2026年3月" in str(value) for value in values)
        assert any(chart for sheet in book for chart in sheet._charts)
        words = "\n".join(p.text for p in docx.Document(BytesIO(rendered(content, "docx"))).paragraphs)
        assert "一、总体情况" in words
        assert ZipFile(BytesIO(rendered(content, "docx"))).testzip() is None

    def test_the_numbers_of_every_file_are_those_of_the_report(self, city):
        a_month()
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        content = making.content_of(made)
        solved = counted("solved", city)
        shown = f"{100 * solved.rate:.1f} %"
        sheet = openpyxl.load_workbook(BytesIO(rendered(content, "xlsx")))["总体情况"]
        row, *_charted = [
            [cell.value for cell in row] for row in sheet.iter_rows() if row[0].value == "解决率" and row[2].value
        ]
        assert row[1] == pytest.approx(solved.rate)
        assert row[2] == solved.denominator
        table = docx.Document(BytesIO(rendered(content, "docx"))).tables[0]
        (cells,) = [[cell.text for cell in row.cells] for row in table.rows if row.cells[0].text == "解决率"]
        assert cells[1:3] == [shown, str(solved.denominator)]
        said = "".join("".join(page.extract_text() for page in pages_of(rendered(content, "pdf"))).split())
        assert f"解决率{shown}（n={solved.denominator}，".replace(" ", "") in said
        assert "三、红黑榜" in said

    def test_the_pdf_carries_its_chinese_fonts(self, city):
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        fonts = pages_of(rendered(making.content_of(made), "pdf"))[0]["/Resources"]["/Font"]
        inner = [fonts[name]["/DescendantFonts"][0].get_object() for name in fonts]
        assert {font["/BaseFont"].partition("+")[2][:12] for font in inner} == {"NotoSansSC-R", "NotoSerifSC-"}
        assert all("/FontFile3" in font["/FontDescriptor"].get_object() for font in inner)

    def test_a_formula_in_a_name_stays_a_text(self, city):
        Department.objects.filter(code="finance").update(name="=HYPERLINK(1)")
        a_month()
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        book = openpyxl.load_workbook(BytesIO(rendered(making.content_of(made), "xlsx")))
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert any(cell.value == "'=HYPERLINK(1)" for cell in cells)
        assert not any(cell.data_type == "f" for cell in cells)

    @pytest.mark.parametrize("typed", ["=1+1", "+86", "-1", "@sum", "\t=1"])
    def test_nothing_in_a_sheet_is_a_formula(self, typed):
        assert harmless(typed) == f"'{typed}".replace("\t", " ")
        assert harmless("金融办") == "金融办"

    def test_who_takes_one_is_on_record(self, city):
        made = making.make(place=city, month="2026-03", user=user("director"), at=AT)
        handed_over(bulletin=made, kind="xlsx", user=user("leader"))
        entry = Entry.objects.filter(action="exported").latest("pk")
        assert (entry.key, entry.actor.username) == (made.number, "leader")
