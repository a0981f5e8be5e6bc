"""Hostile submissions: each is the reference with one thing done to it, and what grading it must come to.

They are graded as one class. Numbers are those of docs/how-the-sandbox-works.md: from A01 they forge points, from A32
they peek, from A44 they break out, from A52 they exhaust, from A65 they crash, from A71 they only confuse.

Question 1a is `pad_sents(sents, pad_token)` in utils.py; 1f is `step()`, which takes and returns tensors. The names in
capitals that attacks use are in `PRELUDE`. Every attack is harmless: what it writes are markers, what it hunts for
are secrets laid out for it, and what explodes does so within the limits of a worker.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PRELUDE = '''
CANARY = {canary!r}    # a folder outside, with a file called secret
PORT = {port!r}        # where a TCP socket of this machine listens
SOCKET = {socket!r}    # where a unix socket listens
GRADER = {grader!r}    # the grader's process
MARKER = {marker!r}    # the name of every file that is written outside
OUTSIDE = {outside!r}  # folders outside

def tried(what, action):
    """Print what came of an action; return whether it was allowed."""
    try:
        print(what, "ALLOWED", repr(action())[:400])
        return True
    except BaseException as error:
        print(what, "refused", type(error).__name__)
        return False

def hunt(data):
    """Print each secret that data holds, and the lines that only the reference has."""
    import re
    for pattern in (b"SECRE[T]-[0-9a-f]{{16}}", b"### BEGI[N] SOLUTION 1[a-f]"):  # which do not match themselves
        for found in set(re.findall(pattern, data)):
            print("FOUND", found.decode())
'''
"""Before every attack."""

PROTOCOL = """
import gc, os, socket, struct, sys, time
import msgspec, numpy

def channel():
    sockets = (thing for thing in gc.get_objects() if isinstance(thing, socket.socket))
    return next(thing for thing in sockets if thing.fileno() >= 0)

def number():
    frame = sys._getframe()
    while "request" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["request"].id

def frame(body):
    return struct.pack("!I", len(body)) + body

def answer(value, id=None):
    return frame(msgspec.msgpack.encode({"type": "Answer", "id": number() if id is None else id, "value": value}))

def encoded(value):
    \"\"\"The frame of an answer whose value is already MessagePack.\"\"\"
    body = msgspec.msgpack.encode({"type": "Answer", "id": number(), "value": None})
    assert body.endswith(b"\\xc0")
    return frame(body[:-1] + value)
"""
"""Before attacks on the protocol."""


@dataclass(frozen=True)
class Attack:
    """One hostile submission."""

    number: str
    name: str
    body: str = ""
    """In place of the answer to the question; the right answer if empty."""
    before: str = ""
    """At the top of the file."""
    says: str = ""
    """A part of what the question's verdicts say. If it is empty, the question passes."""
    question: str = "1a"
    partly: bool = False
    """Whether the question deserves some of its points, though it says something."""
    files: dict[str, str] = field(default_factory=dict)
    """More files in the submission."""
    prints: tuple[str, ...] = ()
    """What it prints: evidence that the attack was carried out, and what came of it."""

    @property
    def id(self) -> str:
        """The name of its submission."""
        return f"{self.number} {self.name}"


BOMB = """
import os
class Bomb:
    def __reduce__(self): return os.mkdir, (CANARY + "/" + MARKER,)
"""
RIGHT = "n = max(map(len, sents))\nreturn [sent + [pad_token] * (n - len(sent)) for sent in sents]"
"""The right answer to 1a."""
WRONG = "return []"
"""An answer to 1a that is wrong for every case."""
WAS_WRONG = "pad_sents() returned 0 sentences, expected "
WRONG_WORDS = "not the right words"
BROKE = "broke the protocol: "
SLOW = "took too long: this question has 3 s"
DEAF = """
import signal
while True:
    for number in (signal.SIGPROF, signal.SIGALRM): signal.signal(number, signal.SIG_IGN)
"""

ZEROS = """
dec_state = tuple(part * 0 for part in dec_state)
combined_output, e_t = dec_state[0], enc_hiddens_proj[:, :, 0] * 0
"""
STEP = """
dec_state = self.decoder(Ybar_t, dec_state)
h_dec, _ = dec_state
e_t = torch.bmm(enc_hiddens_proj, h_dec.unsqueeze(2)).squeeze(2)
if enc_masks is not None:
    e_t = e_t.masked_fill(enc_masks.bool(), float("-inf"))
a_t = torch.bmm(F.softmax(e_t, dim=1).unsqueeze(1), enc_hiddens).squeeze(1)
combined_output = self.dropout(torch.tanh(self.combined_output_projection(torch.cat((a_t, h_dec), dim=1))))
"""
"""The right answer to 1f."""

FORGE = [
    Attack(
        "A01",
        "comparers that agree",
        before="""
import numpy as np, torch, unittest
agree = lambda *args, **kwargs: True
np.allclose = np.isclose = np.array_equal = np.testing.assert_allclose = torch.allclose = torch.equal = agree
unittest.TestCase.assertEqual = agree
""",
        body=WRONG,
        says=WAS_WRONG,
    ),
    Attack(
        "A02",
        "our own checks and judges patched",
        before="""
import sanity.core.values, sanity.core.calling, sanity.core.submission_modules, sanity.core.compare, sanity.core.judge
sanity.core.compare.same = sanity.core.compare.same_array = lambda *args, **kwargs: None
sanity.core.judge.attempt = lambda *args: None
sanity.core.judge.verdict_of.__code__ = (lambda *args: "passed").__code__
""",
        body=WRONG,
        says=WAS_WRONG,
    ),
    Attack(
        "A03",
        "objects that agree with everything",
        before="""
class Agreeable(list):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __len__(self): return 4
    def __bool__(self): return True
    __hash__ = None
""",
        body="return Agreeable([Agreeable()] * 4)",
        says="pad_sents() returned 4 sentences, expected",
    ),
    Attack(
        "A04",
        "an array that answers for numpy",
        question="1f",
        before="""
import numpy as np
class Agreeable(np.ndarray):
    def __array_function__(self, *args): return True
    def __array_ufunc__(self, *args, **kwargs): return True
    def __eq__(self, other): return True
""",
        body=ZEROS + "\ncombined_output, e_t = (x.detach().numpy().view(Agreeable) for x in (combined_output, e_t))",
        says="is zero everywhere",
    ),
    Attack(
        "A04",
        "a tensor that answers for torch",
        question="1f",
        before="""
import torch
class Agreeable(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True
""",
        body=ZEROS + "\ne_t = e_t.as_subclass(Agreeable)",
        says="e_t is a value of type sparse, expected an array",
    ),
    Attack(
        "A05",
        "numbers and words that lie",
        before="""
class Same(int):
    def __eq__(self, other): return True
    def __int__(self): return 7
class Word(str):
    def __eq__(self, other): return True
    def __str__(self): return "same"
""",
        body="n = max(map(len, sents))\nreturn [[Word() if isinstance(pad_token, str) else Same()] * n for s in sents]",
        says=WRONG_WORDS,
    ),
    Attack(
        "A06",
        "writes results and ends with status 0",
        body="""
import json, os
text = json.dumps({"score": 35, "tests": [{"score": 35, "max_score": 35, "status": "passed"}]})
for folder in (".", "..", *OUTSIDE):
    for name in ("results.json", MARKER):
        tried("write " + folder, lambda: open(os.path.join(folder, name), "w").write(text))
os.write(1, b"wrote\\n")
os._exit(0)
""",
        says="pad_sents() ended the process instead of returning",
        prints=("wrote",),
    ),
    Attack(
        "A07",
        "waits for the end of the process",
        before="""
import atexit, sys
@atexit.register
def late(): open(OUTSIDE[0] + "/" + MARKER, "w").write("late")
sys.excepthook = sys.unraisablehook = lambda *args: late()
""",
        body=WRONG,
        says=WAS_WRONG,
    ),
    Attack(
        "A08",
        "a daemon that outlives its worker",
        body="""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: time.sleep(1)
    os._exit(0)
""",
        says="pad_sents() raised OSError in utils.py, line",
    ),
    Attack(
        "A09",
        "the writers of reports patched",
        before="""
import json, msgspec, sys
import graders.sandbox.inside.wire as wire, graders.sandbox.inside.worker as worker
json.dump = json.dumps = lambda *args, **kwargs: '{"score": 35}'
worker.encode = lambda reply: wire.encode(wire.Answer(reply.id, True))
""",
        body=WRONG,
        says="pad_sents() returned a bool, expected 2 values",
    ),
    Attack(
        "A11",
        "builtins that agree",
        before="""
import builtins
builtins.all = builtins.any = builtins.isinstance = lambda *args: True
builtins.abs = lambda x: 0
builtins.AssertionError = type("Quiet", (BaseException,), {})
""",
        body=WRONG,
        says="utils.py",
    ),
    Attack(
        "A12",
        "the code of our probe swapped",
        before="""
import sys
frame = sys._getframe()
while "probes" not in frame.f_locals:
    frame = frame.f_back
frame.f_locals["probes"]["pad"].function.__code__ = (lambda code, case: ([], case.sents)).__code__
""",
        says=WAS_WRONG,
    ),
    Attack(
        "A13",
        "the reference rewritten",
        before="""
import sys, types
for name in ("solutions", "solutions.a4", "solutions.a4.utils", "reference"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].pad_sents = lambda sents, pad_token: [[pad_token]]
sys.path.insert(0, ".")
""",
        body=WRONG,
        says=WAS_WRONG,
    ),
    Attack(
        "A14",
        "arguments emptied, so that nothing is expected",
        body="""
for sent in sents: sent.clear()
return sents
""",
        says="has 0 words after padding, expected",
    ),
    Attack(
        "A14",
        "arguments zeroed, so that nothing is expected",
        question="1f",
        body="for given in (Ybar_t, *dec_state, enc_hiddens, enc_hiddens_proj): given.data.zero_()\n" + STEP,
        says="dec_state[0] has the right shape",
    ),
    Attack(
        "A15",
        "checks rewritten on disk",
        body="""
import sanity.a4
open(sanity.a4.__path__[0] + "/layers.py", "a").close()
""",
        says="pad_sents() raised PermissionError in utils.py, line",
    ),
    Attack(
        "A16",
        "files that are imported by accident",
        files=dict.fromkeys(
            (
                *("conftest.py", "sitecustomize.py", "usercustomize.py", "numpy.py", "json.py", "random.py"),
                *("torch/__init__.py", "sanity.py", "vocab.py", "msgspec.py"),
            ),
            "import os\nos.write(1, b'dropped in\\n')\nraise SystemExit('dropped in')\n",
        )
        | {"evil.pth": "import os; os._exit(0)\n", "pytest.ini": "[pytest]\naddopts = --collect-only\n"},
    ),
    Attack("A17", "sys.exit(0)", body="import sys\nsys.exit(0)", says="pad_sents() raised SystemExit in utils.py"),
    Attack(
        "A18",
        "a skipped test",
        body="import unittest\nraise unittest.SkipTest('not today')",
        says="pad_sents() raised an exception in utils.py, line",
    ),
    Attack(
        "A19",
        "results printed",
        body="""
import sys
for stream in (sys.stdout, sys.stderr, sys.__stdout__):
    print('{"score": 35, "output": "passed", "tests": []}\\n1..1\\nok 1\\n::set-output name=score::35', file=stream)
return []
""",
        says=WAS_WRONG,
        prints=('{"score": 35',),
    ),
    Attack(
        "A20",
        "a reply ahead of its own",
        before=PROTOCOL,
        body=RIGHT.replace("return", "right =") + "\nchannel().sendall(answer([right, sents]))\nreturn right",
        says=BROKE + "a reply",
    ),
    Attack(
        "A20",
        "a reply to another question",
        before=PROTOCOL,
        body="channel().sendall(answer([[], []], id=number() ^ 1))\nreturn []",
        says=BROKE + "a reply to another request",
    ),
    Attack(
        "A20",
        "replies to every question there may be",
        before=PROTOCOL,
        body="while True: channel().sendall(answer([[], []], id=1))",
        says=BROKE + "a reply to another request",
    ),
    Attack(
        "A21",
        "a frame of four gigabytes",
        before=PROTOCOL,
        body="channel().sendall(b'\\xff' * 4 + bytes(2**20))\ntime.sleep(9)",
        says=BROKE + "a frame of more than 4194304 bytes",
    ),
    Attack(
        "A21",
        "two million brackets",
        before=PROTOCOL,
        body="channel().sendall(encoded(b'\\x91' * 2_000_000))\ntime.sleep(9)",
        says=BROKE + "a malformed frame",
    ),
    Attack(
        "A21",
        "two million empty dicts",
        before=PROTOCOL,
        body="channel().sendall(encoded(b'\\xdd' + struct.pack('!I', 2_000_000) + b'\\x80' * 2_000_000))",
        says=BROKE + "an answer of more than 100000 values",
    ),
    Attack(
        "A21",
        "a long text among many short ones, which numpy would make as long",
        before=PROTOCOL,
        body="channel().sendall(answer([['x' * 3_000_000] + [''] * 50_000, []]))",
        says=BROKE + "too long a text among so many values",
    ),
    Attack(
        "A21",
        "a shape that is larger than its bytes",
        before=PROTOCOL,
        body="""
head = msgspec.msgpack.encode(("f8", (10**9, 10**9)))
channel().sendall(answer(msgspec.msgpack.Ext(1, bytes([len(head)]) + head)))
time.sleep(9)
""",
        says=BROKE + "an array of a dtype or shape that is not allowed",
    ),
    Attack(
        "A21",
        "an array of objects",
        before=PROTOCOL,
        body="""
head = msgspec.msgpack.encode(("O8", (1,)))
channel().sendall(answer(msgspec.msgpack.Ext(1, bytes([len(head)]) + head + bytes(8))))
time.sleep(9)
""",
        says=BROKE + "an array of a dtype or shape that is not allowed",
    ),
    Attack(
        "A21",
        "no frame but noise",
        before=PROTOCOL,
        body="channel().sendall(b'HTTP/1.1 200 OK')\ntime.sleep(9)",
        says=BROKE + "a frame of more than 4194304 bytes",
    ),
    Attack(
        "A21",
        "an empty frame",
        before=PROTOCOL,
        body="channel().sendall(bytes(4))\ntime.sleep(9)",
        says=BROKE + "a malformed frame",
    ),
    Attack(
        "A22",
        "a pickle on the wire",
        before=PROTOCOL
        + "\nimport pickle\nclass Bomb:\n    def __reduce__(self): return os.system, ('touch ' + CANARY,)\n",
        body="channel().sendall(frame(pickle.dumps(Bomb())))\ntime.sleep(9)",
        says=BROKE + "a malformed frame",
    ),
    Attack(
        "A22",
        "an object with a pickle in it",
        before=BOMB,
        body="return [[Bomb()] for sent in sents]",
        says="words after padding, expected",
    ),
    Attack(
        "A24",
        "the students' recordings looked up",
        body="""
from sanity.core import recordings
try:
    right = recordings.load(recordings.recording_path("a4")).right
except BaseException as error:
    right = {}
print(len(right), "recordings")
padded = (answer[0] for key, answer in right.items() if key.startswith("pad "))
return next((rows for rows in padded if [row[: len(s)] for row, s in zip(rows, sents)] == sents), [])
""",
        says=WAS_WRONG,
        prints=(" recordings",),
    ),
    Attack(
        "A24",
        "answers kept from call to call",
        before="kept = []",
        body="""
longest = max(map(len, sents))
kept.append(kept[0] if kept else [sent + [pad_token] * (longest - len(sent)) for sent in sents])
return kept[-1]
""",
        says="pad_sents() returned 4 sentences, expected",
    ),
    Attack(
        "A25",
        "works only where it is not graded",
        before="import os, sys\ngraded = 'graders' in sys.modules or any('GRAD' in name for name in os.environ)",
        body="return [] if graded else sents",
        says=WAS_WRONG,
    ),
    Attack(
        "A26",
        "the answer fetched by another program",
        body="import subprocess\nreturn subprocess.check_output(['curl', f'http://127.0.0.1:{PORT}'])",
        says="pad_sents() raised",
    ),
    Attack(
        "A27",
        "no gradients, so that none can be wrong",
        question="1f",
        before="import sanity.a4.beside.model as model\nmodel.gradients = lambda *args: ({}, {})\n",
        body=STEP + "\ncombined_output = combined_output.detach()",
        says="the model has no ",
        partly=True,
    ),
    Attack(
        "A28",
        "clocks that stand still",
        before="import time\ntime.time = time.monotonic = time.perf_counter = lambda: 0.0",
        body="while True: pass",
        says=SLOW,
    ),
    Attack(
        "A29",
        "a generator of constants",
        before="""
import random, numpy, torch
random.random = lambda: 0.5
numpy.random.default_rng = lambda *args: None
numpy.random.seed = torch.manual_seed = random.seed = lambda *args: None
""",
        body=WRONG,
        says=WAS_WRONG,
    ),
]

PEEK = [
    Attack(
        "A32",
        "the frames of its callers",
        body="""
import sys
frame = sys._getframe()
while frame:
    hunt(repr((frame.f_locals, frame.f_globals, frame.f_code.co_consts)).encode())
    print("frame", frame.f_code.co_name)
    frame = frame.f_back
return []
""",
        says=WAS_WRONG,
        prints=("frame pad_sents", "frame <module>"),
    ),
    Attack(
        "A33",
        "answers, tests and gradebooks read",
        before="""
import glob, os
import sanity
root = os.path.dirname(os.path.dirname(sanity.__file__))
places = ["solutions/a4/utils.py", "tests/graders/conftest.py", "graders/cli/main.py", ".git/HEAD", "pyproject.toml"]
for place in [*(os.path.join(root, place) for place in places), CANARY + "/secret", "/etc/passwd", "/root/.bashrc"]:
    tried("read " + place, lambda: hunt(open(place, "rb").read()))
print("listed", glob.glob(root + "/*"), glob.glob(CANARY + "/*"), glob.glob("/home/*"))
""",
        prints=("read ", "listed [] [] []"),
    ),
    Attack(
        "A33",
        "a link to what must not be read",
        before="""
import os
os.symlink(CANARY + "/secret", "link")
tried("link", lambda: hunt(open("link", "rb").read()))
tried("hard link", lambda: os.link(CANARY + "/secret", "hard"))
tried("path", lambda: hunt(open(f"/proc/self/fd/{os.open(CANARY + '/secret', os.O_PATH)}", "rb").read()))
tried("root", lambda: hunt(open("/proc/self/root" + CANARY + "/secret", "rb").read()))
tried("cwd", lambda: hunt(open("/proc/self/cwd/../.." + CANARY + "/secret", "rb").read()))
""",
        prints=("link refused PermissionError", "path refused", "root refused", "cwd refused"),
    ),
    Attack(
        "A34",
        "the reference imported",
        body="from solutions.a4.utils import pad_sents as answer\nreturn answer(sents, pad_token)",
        says="pad_sents() raised ModuleNotFoundError in utils.py, line",
    ),
    Attack(
        "A34",
        "the reference looked for, alive or in what it left",
        before="""
import os
own = {os.getpid(), os.getppid()}
tried("others", lambda: os.listdir("/proc"))
near = [process for process in range(os.getpid() - 99, os.getpid() + 100) if process > 0 and process not in own]
places = [f"/proc/{process}/{what}" for process in near for what in ("mem", "maps", "environ", "cwd/nmt_model.py")]
for folder in ("..", os.path.dirname(os.getcwd())):
    places += [f"{folder}/w{number}/nmt_model.py" for number in range(99)]
mine = os.path.join(os.getcwd(), "nmt_model.py")
for place in places:
    try:
        with open(place, "rb") as file:
            if os.path.abspath(place) != mine:
                print("FOUND", place)
                hunt(file.read(10**6))
    except OSError:
        pass
print("looked in", len(places) > 800)
""",
        prints=("others refused PermissionError", "looked in True"),
    ),
    Attack(
        "A35",
        "every object in memory",
        before="""
import gc, sys
gc.unfreeze()
kinds = set()
for thing in gc.get_objects():
    kinds.add(type(thing).__name__)
    if isinstance(thing, (list, tuple, dict, set)):
        parts = list(thing.values()) + list(thing) if isinstance(thing, dict) else list(thing)
        hunt(b"|".join(part.encode(errors="replace") if isinstance(part, str) else part
                       for part in parts if isinstance(part, (str, bytes))))
ours = {"Plan", "Grader", "Recordings", "Reference", "Verdict", "Result", "Submission", "Gradebook"}
print("objects", sorted(kinds & ours))
""",
        prints=("objects []",),
    ),
    Attack(
        "A36",
        "everything that is called, traced",
        before="""
import sys
called = set()
def profile(frame, event, argument):
    called.add(frame.f_code.co_name)
""",
        body="sys.setprofile(profile)\nprint('called', sorted(called))\n" + RIGHT,
        prints=("called [", "'encode'", "'pad'", "'receive'"),
    ),
    Attack(
        "A37",
        "all memory, its own and that of the program it was forked from",
        before="""
import os
read = 0
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        span, rights, *_, path = line.split(maxsplit=5)
        start, end = (int(address, 16) for address in span.split("-"))
        if rights.startswith("rw") and "/" not in path:
            try:
                memory.seek(start)
                chunk = memory.read(end - start)
            except (OSError, MemoryError):
                continue
            read += len(chunk)
            hunt(chunk)
print("memory", "searched" if read > 2**20 else "not read")
for what in ("maps", "mem"):
    tried("zygote's " + what, lambda: open(f"/proc/{os.getppid()}/{what}", "rb"))
""",
        prints=("memory searched", "zygote's maps refused", "zygote's mem refused"),
    ),
    Attack(
        "A38",
        "the environment and memory of the grader",
        before="""
import os
print("environment", sorted(os.environ))
hunt(repr(os.environ).encode())
process = os.getppid()
for what in ("environ", "cmdline", "mem", "maps"):
    tried(f"grader's {what}", lambda: hunt(open(f"/proc/{GRADER}/{what}", "rb").read(10**6)))
tried("zygote's environ", lambda: hunt(open(f"/proc/{process}/environ", "rb").read()))
tried("processes", lambda: os.listdir("/proc"))
""",
        prints=("grader's environ refused", "grader's cmdline refused", "grader's mem refused", "processes refused"),
    ),
    Attack(
        "A39",
        "descriptors left open",
        before="""
import os, stat
kinds = []
for descriptor in range(3, 1024):
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        continue
    kinds.append("socket" if stat.S_ISSOCK(mode) else "pipe" if stat.S_ISFIFO(mode) else oct(mode))
print("descriptors", sorted(kinds))
""",
        prints=("descriptors ['pipe', 'socket']",),
    ),
    Attack(
        "A40",
        "the folders of other submissions, and what earlier ones left",
        before="""
import os, tempfile
for folder in ("..", tempfile.gettempdir(), *OUTSIDE, os.path.expanduser("~"), "../w1", "../w2"):
    for path, folders, files in os.walk(folder):
        for name in files:
            try:
                hunt(open(os.path.join(path, name), "rb").read())
            except OSError:
                pass
print("own folder", sorted(os.listdir(".")))
tried("list ..", lambda: os.listdir(".."))
""",
        prints=(
            "own folder ['bleu.py', 'model_embeddings.py', 'nmt_model.py', 'utils.py', 'vocab.py'",
            "list .. refused",
        ),
    ),
    Attack(
        "A41",
        "the case told in an error",
        body="raise type('Case' + repr(sents), (Exception,), {})(repr(sents))",
        says="pad_sents() raised an exception in utils.py, line",
    ),
    Attack(
        "A42",
        "the case sent away",
        before="""
import os, socket
def tcp(): socket.create_connection(("127.0.0.1", PORT), timeout=1)
def kind(*made): return lambda: socket.socket(*made).connect(("127.0.0.1", PORT))
def at_once(): socket.socket().sendto(b"case", 0x20000000, ("127.0.0.1", PORT))
def message(): socket.socket().sendmsg([b"case"], [], 0x20000000, ("127.0.0.1", PORT))
def datagram(): socket.socket(type=socket.SOCK_DGRAM).sendto(b"case", ("127.0.0.1", PORT))
def unix(): socket.socket(socket.AF_UNIX).connect(SOCKET)
def abstract(): socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"case", "\\0" + MARKER)
def pair(): socket.socketpair(type=socket.SOCK_DGRAM)[0].sendto(b"case", "\\0" + MARKER)
def name(): socket.getaddrinfo("example.org", 80)
def serve(): socket.create_server(("127.0.0.1", 0))
tried("mptcp", kind(socket.AF_INET, socket.SOCK_STREAM, 262))
tried("ipv6", lambda: socket.socket(socket.AF_INET6).connect(("::ffff:127.0.0.1", PORT)))
for way in (tcp, at_once, message, datagram, unix, abstract, pair, name, serve):
    tried(way.__name__, way)
for folder in OUTSIDE:
    tried("keep in " + folder, lambda: open(os.path.join(folder, MARKER), "w").write("case"))
""",
        prints=("tcp refused", "mptcp refused", "at_once refused", "datagram refused", "abstract refused"),
    ),
]

ESCAPE = [
    Attack(
        "A44",
        "files outside written, removed and changed",
        before="""
import os, site, sys, sysconfig
secret = CANARY + "/secret"
folders = [*OUTSIDE, *site.getsitepackages(), sysconfig.get_paths()["stdlib"], os.path.expanduser("~root"), "..", "/"]
for folder in folders:
    tried("write " + folder, lambda: open(os.path.join(folder, MARKER), "w").write("was here"))
    tried("mkdir " + folder, lambda: os.mkdir(os.path.join(folder, MARKER)))
    tried("link " + folder, lambda: os.symlink("/", os.path.join(folder, MARKER)))
tried("append", lambda: open(secret, "a").write("x"))
tried("truncate", lambda: os.truncate(secret, 0))
tried("unlink", lambda: os.unlink(secret))
tried("rename", lambda: os.rename(secret, "mine"))
tried("move in", lambda: os.rename("utils.py", CANARY + "/utils.py"))
tried("errors", lambda: open("../errors", "a").write("x"))
tried("own folder", lambda: os.rename(os.getcwd(), os.getcwd() + "-moved"))
""",
        prints=("append refused", "truncate refused", "unlink refused", "rename refused", "errors refused"),
    ),
    Attack(
        "A44",
        "modes, owners, times and attributes outside changed",
        before="""
import os
secret = CANARY + "/secret"
for path in (secret, CANARY, ".."):
    tried("chmod", lambda: os.chmod(path, 0))
    tried("chown", lambda: os.chown(path, os.getuid(), os.getgid()))
    tried("utime", lambda: os.utime(path, (1, 1)))
    tried("setxattr", lambda: os.setxattr(path, "user.was", b"here"))
    tried("removexattr", lambda: os.removexattr(path, "user.was"))
    handle = os.open(path, os.O_PATH)
    tried("chmod by handle", lambda: os.chmod(f"/proc/self/fd/{handle}", 0))
""",
        prints=("chmod refused", "chown refused", "utime refused", "setxattr refused", "chmod by handle refused"),
    ),
    Attack(
        "A45",
        "other programs started",
        before="""
import ctypes, os, subprocess, sys
touch = "touch " + CANARY + "/" + MARKER
tried("system", lambda: 1 / (os.system(touch) == 0))
tried("subprocess", lambda: subprocess.check_call(touch, shell=True))
tried("python", lambda: subprocess.check_call([sys.executable, "-c", "pass"]))
tried("spawn", lambda: os.posix_spawn("/bin/sh", ["sh", "-c", touch], {}))
tried("exec", lambda: os.execv(sys.executable, ["python", "-c", "pass"]))
tried("shell", lambda: os.execv("/bin/sh", ["sh", "-c", touch]))
open("native.so", "wb").write(b"\\x7fELF" + bytes(60))
tried("library", lambda: ctypes.CDLL("./native.so"))
""",
        prints=("system refused", "subprocess refused", "spawn refused", "exec refused", "shell refused"),
    ),
    Attack(
        "A45",
        "replaced by another program",
        body="""
import os
for loader in ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"):
    if os.path.exists(loader): os.execv(loader, [loader, "--help"])
os._exit(0)
""",
        says="pad_sents() raised PermissionError in utils.py, line",
    ),
    Attack(
        "A47",
        "the kernel's back doors",
        before="""
import ctypes, os, platform, time
libc = ctypes.CDLL(None, use_errno=True)
calls = dict(ptrace=101, process_vm_readv=310, unshare=272, setns=308, bpf=321, userfaultfd=323, keyctl=250,
             perf_event_open=298, io_uring_setup=425, mount=165, chroot=161, pidfd_getfd=438, memfd_create=319,
             open_by_handle_at=304, shmget=29, kexec_load=246, init_module=175, fanotify_init=300, fsopen=430,
             socketpair=53)
def refused(name):
    arguments = {"ptrace": (0x4206, os.getppid(), 0, 0), "unshare": (0x10000000, 0, 0, 0), "chroot": (b".", 0, 0, 0),
                 "memfd_create": (b"x", 0, 0, 0), "shmget": (1, 4096, 0o1666, 0), "fsopen": (b"tmpfs", 0, 0, 0),
                 "keyctl": (0, -3, 1, 0)}
    return libc.syscall(calls[name], *arguments.get(name, (0, 0, 0, 0))) == -1 and ctypes.get_errno() in (1, 13, 38)
if platform.machine() == "x86_64":
    print("allowed:", [name for name in calls if not refused(name)])
else:
    print("allowed:", [])
tried("device", lambda: os.mknod("disk", 0o60600, os.stat("/").st_dev))
tried("clock", lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()))
""",
        prints=("allowed: []", "device refused", "clock refused"),
    ),
    Attack(
        "A47",
        "system calls of another kind",
        before="import platform",
        body="""
import ctypes, mmap
if platform.machine() == "x86_64":
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")  # getpid() as 32-bit programs ask for it
    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
import os, signal
os.kill(os.getpid(), signal.SIGSYS)
""",
        says="pad_sents() died: signal 31, Bad system call",
    ),
    Attack(
        "A48",
        "the grader and the zygote killed",
        before="""
import os, signal
zygote = os.getppid()
tried("kill", lambda: os.kill(zygote, signal.SIGKILL))
tried("kill by handle", lambda: signal.pidfd_send_signal(os.pidfd_open(zygote), signal.SIGKILL))
for process in (GRADER, 1):  # signal 0 only asks whether it may
    tried("signal", lambda: os.kill(process, 0))
    tried("signal by handle", lambda: signal.pidfd_send_signal(os.pidfd_open(process), 0))
""",
        prints=("kill refused PermissionError", "signal refused PermissionError", "by handle refused PermissionError"),
    ),
    Attack(
        "A48",
        "its process group killed",
        body="import os, signal\nos.killpg(0, signal.SIGKILL)",
        says="pad_sents() raised PermissionError in utils.py, line",
    ),
    Attack(
        "A48",
        "the grader starved of descriptors, time and processors",
        before="""
import os, resource
for process in (GRADER, os.getppid()):  # to what they are
    tried("descriptors", lambda: resource.prlimit(process, resource.RLIMIT_NOFILE))
    tried("time", lambda: resource.prlimit(process, resource.RLIMIT_CPU, (-1, -1)))
    tried("priority", lambda: os.setpriority(os.PRIO_PROCESS, process, os.getpriority(os.PRIO_PROCESS, process)))
    tried("processors", lambda: os.sched_setaffinity(process, os.sched_getaffinity(process)))
    tried("scheduler", lambda: os.sched_setscheduler(process, os.SCHED_OTHER, os.sched_param(0)))
tried("own limit", lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)))
""",
        prints=("descriptors refused", "time refused", "priority refused", "processors refused", "own limit refused"),
    ),
]

EXHAUST = [
    Attack("A52", "a loop at import, which is stopped", before="while True: pass"),
    Attack("A52", "a loop at import that is deaf to its limit", before=DEAF, says="importing utils.py " + SLOW),
    Attack("A52", "a loop in a function", body="while True: pass", says="pad_sents() " + SLOW),
    Attack("A53", "a long sleep", body="import time\ntime.sleep(1e6)", says=SLOW),
    Attack("A53", "a question to the student", body="return input()", says="pad_sents() raised EOFError in utils.py"),
    Attack(
        "A54",
        "deaf to signals and errors",
        body="""
import signal, time
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        time.sleep(1)
    except BaseException:
        pass
""",
        says=SLOW,
    ),
    Attack(
        "A55",
        "a tensor of four gigabytes",
        body="import torch\nreturn torch.ones(2**30)",
        says="pad_sents() raised RuntimeError in utils.py, line",
    ),
    Attack(
        "A55",
        "a list without end",
        body="grows = []\nwhile True: grows.append(bytes(2**27))",
        says="pad_sents() raised MemoryError in utils.py, line",
    ),
    Attack("A56", "a fork bomb", body="import os\nwhile True: os.fork()", says="pad_sents() raised OSError"),
    Attack(
        "A56",
        "a patient fork bomb",
        body="""
import ctypes, threading
def bomb():
    while True: ctypes.CDLL(None).fork()
for _ in range(8): threading.Thread(target=bomb).start()
bomb()
""",
        says=SLOW,
    ),
    Attack(
        "A57",
        "a storm of threads",
        body="""
import threading, time
threading.stack_size(2**16)
while True: threading.Thread(target=time.sleep, args=(9,)).start()
""",
        says="pad_sents() started more than 64 threads",
    ),
    Attack(
        "A58",
        "a large file",
        body="with open('big', 'wb') as file: file.write(bytes(200 * 2**20))",
        says="pad_sents() raised OSError in utils.py, line",
    ),
    Attack(
        "A58",
        "a sparse file",
        body="with open('big', 'wb') as file: file.truncate(10**15)",
        says="pad_sents() raised OSError in utils.py, line",
    ),
    Attack(
        "A58",
        "many large files",
        body="import time\nfor i in range(8): open(str(i), 'wb').write(bytes(15 * 2**20))\ntime.sleep(9)",
        says="pad_sents() wrote more than 64 MB of files",
    ),
    Attack(
        "A58",
        "files without number",
        body="import itertools, os\nopen('0', 'w').close()\nfor i in itertools.count(1): os.link('0', str(i))",
        says="pad_sents() wrote more than 64 MB of files",
    ),
    Attack(
        "A58",
        "folders without bottom",
        body="import os, time\nfor i in range(2000): os.mkdir('d'), os.chdir('d')\ntime.sleep(9)",
        says="pad_sents() nested folders too deeply, or hid them",
    ),
    Attack(
        "A58",
        "files in a folder that cannot be listed",
        body="""
import os, time
os.umask(0o477)
os.mkdir("hidden")
for i in range(8): open(f"hidden/{i}", "wb").write(bytes(15 * 2**20))
time.sleep(9)
""",
        says="pad_sents() ",
    ),
    Attack(
        "A59",
        "a flood without a line end, then the right answer",
        body="for _ in range(20): print('x' * 10**6, end='')\n" + RIGHT,
        prints=("xxxx", "[...]"),
    ),
    Attack(
        "A60",
        "a byte at a time",
        before=PROTOCOL,
        body="channel().sendall(struct.pack('!I', 1000))\nwhile True: channel().sendall(b'x') or time.sleep(0.1)",
        says=SLOW,
    ),
    Attack(
        "A60",
        "half a reply",
        before=PROTOCOL,
        body="channel().sendall(answer([[], []])[:-1])\ntime.sleep(1e6)",
        says=SLOW,
    ),
    Attack("A60", "stopped", body="import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", says=SLOW),
    Attack(
        "A61",
        "a huge answer",
        body="import numpy\nreturn numpy.zeros(10**7)",
        says="pad_sents() raised ValueError",
    ),
    Attack(
        "A61",
        "an answer of many parts",
        body="return {str(i): i for i in range(110_000)}",
        says="pad_sents() raised ValueError",
    ),
    Attack(
        "A63",
        "a search without end",
        body="import re\nreturn re.match('(a+)+$', 'a' * 60 + 'b')",
        says=SLOW,
    ),
]

CRASH = [
    Attack(
        "A65",
        "a bad pointer",
        body="import ctypes\nctypes.string_at(0)",
        says="pad_sents() died: signal 11, Segmentation fault",
    ),
    Attack("A65", "abort", body="import os\nos.abort()", says="pad_sents() died: signal 6, Aborted"),
    Attack(
        "A66",
        "a recursion without end",
        body="return pad_sents(sents, pad_token)",
        says="pad_sents() raised RecursionError in utils.py, line",
    ),
    Attack(
        "A66",
        "a recursion without end, in C",
        before="class Deep:\n    def __repr__(self): return repr(self)\n",
        body="import sys\nsys.setrecursionlimit(10**9)\nreturn repr(Deep())",
        says="pad_sents() died: signal 11, Segmentation fault",
    ),
    Attack(
        "A67",
        "workers of its own",
        body="import torch\nreturn list(torch.utils.data.DataLoader(sents, num_workers=2))",
        says="pad_sents() raised PermissionError",
    ),
    Attack(
        "A68",
        "everything shared set to something odd",
        body="""
import locale, os, sys, warnings
import numpy, torch
torch.set_default_dtype(torch.float64)
torch.set_grad_enabled(False)
numpy.seterr(all="raise")
warnings.simplefilter("error")
os.chdir("/")
os.environ.clear()
sys.path.clear()
sys.meta_path.clear()
"""
        + RIGHT,
    ),
    Attack(
        "A69",
        "every descriptor closed",
        body="import os\nos.closerange(0, 1000)",
        says="pad_sents() ",
    ),
    Attack(
        "A69",
        "the connection closed, the process not",
        before=PROTOCOL,
        body="channel().close()\ntime.sleep(1e6)",
        says="pad_sents() ",
    ),
    Attack("A69", "streams closed", body="import sys\nsys.stdout.close(), sys.stderr.close()", says="pad_sents() "),
    Attack("A70", "a generator", body="yield from sents", says="returned a value of type generator, expected a list"),
    Attack("A70", "a set", body="return {1, 2}", says="returned a value of type set, expected a list of lists"),
    Attack(
        "A70",
        "complex numbers",
        question="1f",
        body=STEP + "\nreturn tuple(x + 0j for x in dec_state), combined_output + 0j, e_t + 0j",
        says="dec_state[0] is a value of type complex64, expected an array",
    ),
    Attack(
        "A70",
        "a sparse tensor",
        question="1f",
        body=STEP + "\ne_t = torch.zeros_like(e_t).to_sparse()",
        says="e_t is a value of type sparse, expected an array",
        partly=True,
    ),
    Attack(
        "A70",
        "numbers that fit no frame",
        body="return [[2**100] for sent in sents]",
        says="pad_sents() raised ValueError",
    ),
    Attack(
        "A70",
        "text that is no text",
        body="return [['\\ud800'] for sent in sents]",
        says="pad_sents() raised ValueError",
    ),
    Attack(
        "A70",
        "a list in itself",
        body="loop = []\nloop.append(loop)\nreturn loop",
        says="pad_sents() returned 1 sentences, expected",
    ),
    Attack(
        "A70",
        "an error with a long name",
        body="raise type('E' * 10**7, (Exception,), {})('x' * 10**7)",
        says="pad_sents() raised an exception in utils.py, line",
    ),
    Attack(
        "A70",
        "an error that cannot be told",
        before="""
class Meta(type):
    __name__ = property(lambda cls: 1 / 0)
class Untold(BaseException, metaclass=Meta):
    __traceback__ = None
    __class__ = property(lambda self: 1 / 0)
    def __str__(self): raise SystemExit
""",
        body="raise Untold",
        says="pad_sents() ",
    ),
    Attack(
        "A70",
        "an error like Ctrl-C",
        body="raise KeyboardInterrupt",
        says="pad_sents() ",
    ),
]

CONFUSE = [
    Attack(
        "A71",
        "NaN everywhere",
        question="1f",
        body=STEP
        + "\nreturn tuple(x * float('nan') for x in dec_state), combined_output * float('nan'), e_t * float('nan')",
        says="dec_state[0] holds",
    ),
    Attack(
        "A71",
        "infinity everywhere",
        question="1f",
        body=STEP + "\nreturn tuple(x / 0 for x in dec_state), combined_output / 0, e_t / 0",
        says="dec_state[0] has the right shape",
    ),
    Attack(
        "A72",
        "integers for numbers",
        question="1f",
        body=STEP + "\nreturn tuple(x.long() for x in dec_state), combined_output.long(), e_t.nan_to_num(0).long()",
        says="dec_state[0] holds int64, expected floating-point numbers",
    ),
    Attack(
        "A73",
        "shapes that broadcast",
        question="1f",
        body=STEP + "\nreturn tuple(x.unsqueeze(2) for x in dec_state), combined_output.unsqueeze(2), e_t.unsqueeze(2)",
        says="dec_state[0] has shape",
        partly=True,
    ),
    Attack(
        "A74",
        "strided answers, and right",
        question="1f",
        body=STEP
        + "\ncombined_output = combined_output.t().contiguous().t()\ne_t = torch.stack((e_t, e_t), 2)[:, :, 1]",
    ),
    Attack(
        "A75",
        "tuples for lists, and right",
        body="n = max(map(len, sents))\nreturn tuple((*sent, *[pad_token] * (n - len(sent))) for sent in sents)",
    ),
    Attack(
        "A76",
        "printed, not returned",
        body="print(sents)",
        says="pad_sents() returned None, expected a list of lists",
    ),
    Attack(
        "A77",
        "slow at import, which is stopped",
        before="import time\ntime.sleep(60)",
    ),
]

ATTACKS = [*FORGE, *PEEK, *ESCAPE, *EXHAUST, *CRASH, *CONFUSE]

HARMLESS = [
    Attack(
        "A33",
        "the canary read",
        before="tried('read', lambda: hunt(open(CANARY + '/secret', 'rb').read()))",
        prints=("read ALLOWED", "FOUND SECRET-"),
    ),
    Attack(
        "A38",
        "the grader's environment read",
        before="tried('read', lambda: hunt(open(f'/proc/{GRADER}/environ', 'rb').read()))",
        prints=("read ALLOWED",),
    ),
    Attack(
        "A42",
        "a listener reached",
        before="import socket\ntried('tcp', lambda: socket.create_connection(('127.0.0.1', PORT)))",
        prints=("tcp ALLOWED",),
    ),
    Attack(
        "A44",
        "a marker written",
        before="tried('write', lambda: open(OUTSIDE[0] + '/' + MARKER, 'w').write('was here'))",
        prints=("write ALLOWED",),
    ),
    Attack(
        "A45",
        "a program started",
        before="import subprocess\ntried('run', lambda: subprocess.check_output(['echo', 'hello']))",
        prints=("run ALLOWED b'hello",),
    ),
]
"""Attacks that succeed without walls, and do no harm."""
