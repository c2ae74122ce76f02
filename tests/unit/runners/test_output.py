"""The pure parts: the last line, the tail and the report, for any text in any pieces."""

import json

from hypothesis import given
from hypothesis import strategies as st

from runners.common.greffon_runner.output import LastLine, Result, Tail, WholeLines, encode
from runners.common.greffon_runner.report import MAX_REPORT_BYTES, build

pieces = st.lists(st.text("ab{}\n \r\u00e9\U0001f600", max_size=12).map(str.encode), max_size=12)
# Repeated, because texts that hypothesis makes up by themselves are short.
letters = st.text(min_size=1, max_size=20) | st.text(st.characters(max_codepoint=0x20), min_size=1, max_size=20)
any_text = st.builds(lambda text, times: (text * times)[:5000], letters, st.sampled_from([0, 1, 50, 5000]))


@given(pieces)
def test_the_last_line_does_not_depend_on_how_the_output_is_cut(chunks: list[bytes]) -> None:
    """Against the obvious way, which needs all of the output at once."""
    collector = LastLine()
    for chunk in chunks:
        collector.feed(chunk)

    lines = [line for line in b"".join(chunks).split(b"\n") if line.strip()]
    assert collector.result() == Result(encoded=encode(lines[-1] if lines else b""))


@given(pieces, st.integers(1, 20))
def test_the_tail_is_the_end_of_the_output(chunks: list[bytes], limit: int) -> None:
    """Never more than the limit, and no torn character at its start."""
    tail = Tail(limit)
    for chunk in chunks:
        tail.feed(chunk)

    everything = b"".join(chunks).decode()
    assert everything.endswith(tail.text())
    assert len(tail.text().encode()) > min(limit, len(everything.encode())) - 4


@given(pieces, st.integers(1, 20))
def test_whole_lines_lose_nothing(chunks: list[bytes], limit: int) -> None:
    """The pieces may be other ones, the text is the same."""
    lines = WholeLines(limit)
    out = b"".join(lines.feed(chunk) for chunk in chunks) + lines.close()

    assert out in {b"".join(chunks), b"".join(chunks) + b"\n"}


@given(any_text, st.integers(0, 255), st.none() | st.text(max_size=3000).map(lambda text: json.dumps(text).encode()))
def test_a_report_is_json_of_at_most_4096_bytes(tail: str, exit_code: int, encoded: bytes | None) -> None:
    """Whatever the script said; and the tail is as long as it can be."""
    document = build(exit_code, Result(encoded=encoded), tail)

    report = json.loads(document.decode())
    assert len(document) <= MAX_REPORT_BYTES
    assert tail.endswith(report["tail"])
    assert report["tail"] == tail or len(document) > MAX_REPORT_BYTES - 6  # no room for one more letter
    assert report["truncated"] == (encoded is not None and len(encoded) > 2048)
    assert report["exitCode"] == exit_code
