"""Brief files of every kind become text, or are refused with what would help."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from flux_cli.adapters.briefs import LARGEST_BRIEF, read_brief
from flux_cli.errors import InvalidInput

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def pdf(content: bytes, *, squeezed: bool = False) -> bytes:
    """A PDF of one page that shows what the content stream says, written by hand."""
    packed = zlib.compress(content, 9) if squeezed else content
    filtered = b"/Filter /FlateDecode " if squeezed else b""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 400] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< %s/Length %d >>\nstream\n%s\nendstream" % (filtered, len(packed), packed),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    )


def kept(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def refused(path: Path) -> str:
    with pytest.raises(InvalidInput) as failure:
        read_brief(path)
    assert failure.value.param == "--brief"
    return failure.value.message.replace(str(path), "FILE")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_and_markdown_are_read_as_they_are(tmp_path: Path, encoding: str) -> None:
    text = "# Kit\n\n- 20 badges\n- tea, max 50 €\n"
    assert read_brief(kept(tmp_path, "brief.md", text.encode(encoding))) == text


def test_a_pdf_is_read_whatever_its_name(tmp_path: Path) -> None:
    shown = b"BT /F1 12 Tf 20 300 Td (20 badges and 10 pens) Tj 0 -20 Td (under $50) Tj ET"
    for squeezed in (False, True):
        path = kept(tmp_path, "brief.txt", pdf(shown, squeezed=squeezed))
        assert read_brief(path).split("\n") == ["20 badges and 10 pens", "under $50"]


def test_a_pdf_without_text_or_sense_is_refused(tmp_path: Path) -> None:
    empty = kept(tmp_path, "scan.pdf", pdf(b"0 0 100 100 re f"))
    assert refused(empty) == "FILE is a PDF without text, perhaps a scan"
    broken = kept(tmp_path, "broken.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 20)
    assert refused(broken) == "FILE is a PDF that cannot be read"


def test_a_pdf_that_unpacks_to_more_than_memory_is_refused(tmp_path: Path) -> None:
    bomb = pdf(b"BT (x) Tj ET " * 20_000_000, squeezed=True)
    assert len(bomb) < 1_000_000
    assert refused(kept(tmp_path, "bomb.pdf", bomb)) == "FILE is a PDF that cannot be read"


def test_an_image_is_refused_where_no_program_can_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for head in (PNG, b"\xff\xd8\xff\xe0" + bytes(40), b"RIFF\x00\x00\x00\x00WEBPVP8 "):
        said = refused(kept(tmp_path, "photo.txt", head))
        assert said == "FILE is an image, and tesseract, which could read it, is not installed"


def test_an_image_is_read_by_the_program_on_the_path_which_sees_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tesseract"
    program.write_text('#!/bin/sh\nread -r first\nprintf "20 badges %s %s" "$*" "$SECRET"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("SECRET", "sk-123")
    assert read_brief(kept(tmp_path, "photo.png", PNG)) == "20 badges stdin stdout "


def test_an_image_program_that_fails_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    said = refused(kept(tmp_path, "photo.png", PNG))
    assert said == "FILE is an image that tesseract cannot read"


def test_what_is_no_brief_is_refused(tmp_path: Path) -> None:
    odd = "FILE is neither text, Markdown, PDF nor an image"
    assert refused(kept(tmp_path, "brief.docx", b"PK\x03\x04" + bytes(range(256)))) == odd
    assert refused(kept(tmp_path, "brief.txt", b"tea\x00coffee")) == odd
    assert refused(kept(tmp_path, "brief.txt", b" \n\t")) == "FILE holds no text"
    assert refused(tmp_path / "none.txt") == "FILE cannot be read: No such file or directory"
    assert refused(tmp_path) == "FILE cannot be read: Is a directory"
    large = kept(tmp_path, "large.txt", b"tea " * (LARGEST_BRIEF // 4 + 1))
    assert refused(large) == f"FILE is larger than {LARGEST_BRIEF} bytes"
