"""What may be shown of a log: an allow-list, because no rule knows every secret. Pure; called by `reconcile.bundle`.

A word, which is whatever stands between blanks, is kept whole or not at all: so nothing can be put together of parts.
Kept are ordinary words of error reports, words of the plug-in's own manifest, small numbers, and paths of both.
"""

from __future__ import annotations

import builtins
import re
import signal
import sys
from collections.abc import Iterable, Iterator

import orjson

from greffon.model.plugin import PluginSpec
from greffon.resources.effective import DEFAULT_ENTRYPOINT

MASK = "▒"
MOST_LINES = 20
LONGEST = 2048
"""Characters in all, as the schema of PluginRevision allows."""
LONGEST_LINE = 240
_LONGEST_WORD, _LONGEST_MIXED, _DEEPEST = 40, 11, 16

_PLAIN = """
a about abort aborted absent accept accepted access acquire active add address after again all allocate allocated
allowed already an and another any are argument arguments as assert assertion at attempt attempts attribute
authentication authorization available bad be because been before below between bind block body broken buffer but by
bytes call called caller calls can cancel canceled cancelled cannot cause caused certificate chain change changed
channel character check child class client close closed code column command compile complete config configuration
connect connected connecting connection content context convert core could crash crashed create created current cycle
data database deadline deadlock debug decode default defined delete denied dependency deprecated descriptor device did
directory disabled disk division does done down dump during empty encode encoding end ended environment error errors
event exception exceeded exec executable execute exhausted exist existing exists exit exited expected expired extra
failed failing fails failure fatal field file filename files find following for format found from full function gave
get given goroutine got group handle handler handling has have header headers heap host if ignored illegal image
import in index info information init initialize input instance instruction int integer internal interrupt interrupted
into invalid io ip is it iteration its json key keyword kill killed killing last level library limit line list listen
listening literal load local location lock locked log long loop lookup lost main malformed mapping match maximum
memory message method missing mode module more most must name named names negative network new nil no node non none
not null number object of offset on one only open operation option or os other out overflow package panic parameter
parse parser parsing path peer permission permitted pipe pointer policy pool port position positional previous process
program protocol provided query queue quit raise raised range read reading ready reason receive received recent
recursion recv redirect reference refused register rejected remote request required reset resolve resource response
restart resume retries retry retrying return returned root route run running runtime same schema scope segmentation
send server service session set shared should shut shutdown shutting signal size socket space specified stack start
started starting state status stop stopped stopping storage str stream string subprocess such supported switch syntax
system table task temporarily terminated that the there this thread threw throw time timed timeout tls to token too
trace traceback transport tried true false try trying tuple type unable unavailable undefined unexpected unhandled
uncaught uninitialized unknown unreachable unrecognized unresolved unsupported until url use used user using valid
value values variable version violation wait waiting warning was were when while will with without work worker write
writing written wrong yield zero uint float bool byte array slice map func func1 await async const require promise
rejection bash sh expr unbound parenthesis python uvicorn dict http https tcp udp dns post put patch head options ok
forbidden unauthorized conflict gone gateway
"""
_EXACT = """
AggregateError EvalError InternalError RangeError ReferenceError SyntaxError TypeError URIError ERR_MODULE_NOT_FOUND
MODULE_NOT_FOUND ECONNREFUSED ECONNRESET ENOENT EACCES EADDRINUSE EADDRNOTAVAIL EAI_AGAIN EBADF EEXIST EINVAL EIO
EISDIR EMFILE ENOMEM ENOSPC ENOTDIR ENOTEMPTY ENOTFOUND EPERM EPIPE EROFS ETIMEDOUT EHOSTUNREACH ENETUNREACH Errno
errno NaN NoneType JSONDecodeError json.decoder.JSONDecodeError urllib.error.URLError urllib.error.HTTPError URLError
HTTPError socket.gaierror subprocess.CalledProcessError CalledProcessError subprocess.TimeoutExpired TimeoutExpired
ssl.SSLError SSLError ssl.SSLCertVerificationError SSLCertVerificationError <module> <lambda> <genexpr> <listcomp>
<anonymous> main.main runtime.goexit Object.<anonymous> Module._compile can't couldn't doesn't isn't don't didn't
wasn't
"""
VOCABULARY = frozenset(_PLAIN.split())
"""Known in lower case, with a capital, and in capitals."""
EXACT = frozenset(
    {name for name, found in vars(builtins).items() if isinstance(found, type)}
    | {found.name for found in signal.Signals}
    | set(_EXACT.split())
)
_ROOT_NAMES = "app bin etc home lib lib64 local main opt plugin run src tmp usr var node_modules site-packages"
_ROOTS = frozenset(_ROOT_NAMES.split())
_STANDARD = frozenset(f"{name}.py" for name in sys.stdlib_module_names) | sys.stdlib_module_names
_MARK_TEXTS = "- -- -> => = == : | { } [ ] ( ) () , ... + * & > < / ; % #"
_MARKS = frozenset(_MARK_TEXTS.split())
_SHAPE = re.compile(r"""([(\[{"'`<]{0,2})(.+?)([)\]}"'`>,.:;!?]{0,4})""", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,5}")
_PLACE = re.compile(r"([^:]+)((?::[0-9]{1,5}(?::[0-9]{1,3})?)?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE = re.compile(r"[A-Za-z0-9_.-]+")


def public_words(spec: PluginSpec) -> frozenset[str]:
    """Words of a manifest that may be shown: of source and entrypoint, names of files, settings, variables and Secrets.

    Values of settings and of the environment are none, even if the source has the same word.
    """
    run, config = spec.run, (spec.config.values if spec.config else None) or {}
    files = spec.source.inline.files if spec.source.inline else {}
    texts = [*files, *files.values(), *((run.entrypoint if run else None) or DEFAULT_ENTRYPOINT.get(spec.type, ()))]
    texts += _names(config)
    values = [*_values(config)]
    if run:
        texts += [*(one.name for one in run.env), *(one.name for one in run.secrets)]
        values += [one.value for one in run.env]
    segments = (segment for path in files for segment in path.split("/") if _FILE.fullmatch(segment))
    hidden = {word for text in values for word in (text, *text.split(), *_NAME.findall(text))}
    words = {word for text in texts for word in _NAME.findall(text)}
    return frozenset(word for word in {*words, *segments} - hidden if _is_readable(word))


def redact(log: str, public: frozenset[str] = frozenset()) -> str:
    """The last lines of a log with everything masked that is not known to be harmless.

    At most `MOST_LINES` lines of `LONGEST_LINE` and `LONGEST` characters, the newest; doing it again changes nothing.
    """
    lines: list[str] = []
    for text in log.splitlines()[-MOST_LINES:]:
        line = _line(text, public)
        if line and not (line.strip() == MASK and lines and lines[-1].strip() == MASK):
            lines.append(line)
    while len("\n".join(lines)) > LONGEST:
        del lines[0]
    return "\n".join(lines)


def _line(text: str, public: frozenset[str]) -> str:
    words = _collapsed(word if _is_kept(word, public) else MASK for word in _plain(text).split())
    if not words:
        return ""
    indent = " " * min(len(text) - len(text.lstrip()), 8)
    made = indent + " ".join(words)
    while len(made) > LONGEST_LINE:
        words = _collapsed([*words[:-2], MASK])
        made = indent + " ".join(words)
    return made


def _collapsed(words: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for word in words:
        if word != MASK or kept[-1:] != [MASK]:
            kept.append(word)
    return kept


def _plain(line: str) -> str:
    """What a line of a JSON log says; its quotes and commas would make one word of many."""
    if not line.lstrip().startswith("{"):
        return line
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    told = [found.get(name) for name in ("level", "severity", "msg", "message", "error", "err")]
    return " ".join(one for one in told if isinstance(one, str))


def _is_kept(word: str, public: frozenset[str]) -> bool:
    if not word.isascii():
        return word == MASK
    if word in _MARKS or word in EXACT:
        return True
    shape = _SHAPE.fullmatch(word)
    return shape is not None and _is_known(shape[2], public)


def _is_known(core: str, public: frozenset[str]) -> bool:
    if core in EXACT or core in public or _NUMBER.fullmatch(core):
        return True
    if core.lower() in VOCABULARY:
        return core in (core.lower(), core.capitalize(), core.upper())
    return _is_place(core, public)


def _is_place(core: str, public: frozenset[str]) -> bool:
    """`/plugin/src/main.py:3`: roots, files of the standard library and of the plug-in."""
    place = _PLACE.fullmatch(core)
    if place is None or not ("/" in place[1] or place[2]):
        return False
    segments = place[1].removeprefix("file://").removeprefix("/").split("/")
    known = _ROOTS | _STANDARD | public | {f"python3.{sys.version_info.minor}"}
    is_file = segments[-1] in public or segments[-1] in _STANDARD
    return is_file and all(segment in known for segment in segments)


def _is_readable(word: str) -> bool:
    """Long words, and longer ones of letters and digits, may be keys that somebody left in the source."""
    mixed = any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
    return len(word) <= (_LONGEST_MIXED if mixed else _LONGEST_WORD)


def _names(value: object, depth: int = 0) -> Iterator[str]:
    if depth < _DEEPEST and isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _names(inner, depth + 1)
    elif depth < _DEEPEST and isinstance(value, list):
        for inner in value:
            yield from _names(inner, depth + 1)


def _values(value: object) -> Iterator[str]:
    """Texts at any depth of a JSON value."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                yield text
            case dict() as members:
                waiting.extend(members.values())
            case list() as items:
                waiting.extend(items)
