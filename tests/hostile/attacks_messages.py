"""Hostile submissions that tell what they have seen of a hidden case through what students read, or break off talking.

What a submission wants to tell is 42424 here, in place of a number that it would make of a case: no export for students
may hold it. The questions are those of `tests.hostile.attacks`.
"""

from __future__ import annotations

from tests.hostile.attacks import BROKE, PROTOCOL, RIGHT, SLOW, STEP, Attack

TOLD = "42424"
"""What attacks try to tell; no number of ours has these digits."""

RAISE = """
import os
def boom(error): raise error
def raise_in(error, file=__file__, line=1):
    place = os.path.join(os.path.dirname(__file__), file)
    function = type(boom)(boom.__code__.replace(co_filename=place, co_firstlineno=line), globals())
    function(error)
"""
"""Raises an error from any line of any file."""

LINES = [
    Attack(
        "A41",
        "a line that the file does not have",
        before=RAISE,
        body="raise_in(ValueError(), line=424242004)",
        says="pad_sents() raised ValueError in utils.py",
    ),
    Attack(
        "A41",
        "the line of a syntax error",
        body="raise SyntaxError('no', (__file__, 424242, 1, ''))",
        says="utils.py is not valid Python: SyntaxError",
    ),
    Attack(
        "A41",
        "which of its modules raises",
        before="import left_42424, right_42424",
        body="(left_42424 if len(sents) % 2 else right_42424).f()",
        files=dict.fromkeys(("left_42424.py", "right_42424.py"), "def f(): raise ValueError\n"),
        says="pad_sents() raised ValueError in a module of yours, line 1",
    ),
    Attack(
        "A41",
        "a cell of a file without cells",
        before=RAISE,
        body="raise_in(ValueError(), file='utils.py, cell 42424')",
        says="pad_sents() raised ValueError in utils.py",
    ),
    Attack(
        "A41",
        "a cell of a file that cannot be read",
        before=RAISE,
        body="raise_in(ImportError('no'), file='bad.py, cell 1', line=42424)",
        files={"bad.py": "\0"},
        says="pad_sents() raised ImportError in bad.py",
    ),
]

WORDS = [
    Attack(
        "A41",
        "a rare kind of error",
        body="raise (ConnectionAbortedError, ChildProcessError, BlockingIOError)[len(sents) % 3]",
        says="pad_sents() raised OSError in utils.py, line",
    ),
    Attack(
        "A41",
        "an error that is called as a function is",
        body="raise type('memoryview', (Exception,), {})",
        says="pad_sents() raised an exception in utils.py, line",
    ),
    Attack(
        "A41",
        "the name of a question that is not implemented",
        body="raise NotImplementedError('42424: not implemented yet')",
        says="not implemented yet",
    ),
    Attack(
        "A41",
        "the name of a module that is missing",
        before="import numpy\n",
        body="raise ModuleNotFoundError(\"No module named 'm42424'\")",
        says="pad_sents() raised ModuleNotFoundError in utils.py, line",
    ),
    Attack(
        "A41",
        "the name of a module without the function",
        body="raise AttributeError(\"module 'm42424' has no attribute 'pad_sents'\")",
        says="pad_sents() is not there",
    ),
    Attack(
        "A41",
        "the name of a type",
        body="return type('T42424', (), {})()",
        says="pad_sents() returned a value of another type, expected a list of lists",
    ),
    Attack(
        "A41",
        "the number of a signal",
        body="import os\nos.kill(os.getpid(), 42)",
        says="pad_sents() died of a signal",
    ),
    Attack(
        "A43",
        "how long it takes",
        before="import time\nslept = []",
        body="if not slept: slept.append(time.sleep(0.42424))\n" + RIGHT,
    ),
]

SIZES = [
    Attack(
        "A41",
        "the number of sentences",
        body="return [[]] * 42424",
        says="pad_sents() returned over 99 sentences, expected",
    ),
    Attack(
        "A41",
        "the number of words",
        body="return [[0] * 42424] + [[]] * (len(sents) - 1)",
        says="sentence 0 has over 99 words after padding, expected",
    ),
    Attack(
        "A41",
        "the sizes of an array",
        question="1f",
        body=STEP + "\ne_t = torch.zeros(1, 42424)",
        says="e_t has shape (b=1, src_len=over 99), expected",
        partly=True,
    ),
    Attack(
        "A41",
        "many large sizes of an array without a number",
        question="1f",
        body=STEP + "\ne_t = torch.zeros(0, 1, 2, 3, 42424)",
        says="e_t has shape (0, 1, 2, 3, and more axes), expected",
        partly=True,
    ),
]

FRAMES = [
    Attack(
        "A41",
        "the length of a frame",
        before=PROTOCOL,
        body="channel().sendall(struct.pack('!I', 424242424))\ntime.sleep(9)",
        says=BROKE + "a frame of more than 4194304 bytes",
    ),
    Attack(
        "A41",
        "the dtype of an array",
        before=PROTOCOL,
        body="""
head = msgspec.msgpack.encode(("S42424", (1,)))
channel().sendall(answer(msgspec.msgpack.Ext(1, bytes([len(head)]) + head + bytes(8))))
time.sleep(9)
""",
        says=BROKE + "an array of a dtype or shape that is not allowed",
    ),
    Attack(
        "A41",
        "the number of values",
        before=PROTOCOL,
        body="channel().sendall(answer([['x' * 424240] + [''] * 42424, []]))\ntime.sleep(9)",
        says=BROKE + "too long a text among so many values",
    ),
]

SOCKETS = [
    Attack(
        "A20",
        "a byte out of band, then the answer",
        before=PROTOCOL,
        body="channel().send(b'!', socket.MSG_OOB)\n" + RIGHT,
        says="pad_sents() raised PermissionError in utils.py, line",
    ),
    Attack(
        "A20",
        "a byte out of band, and nothing else",
        before=PROTOCOL,
        body="channel().send(b'!', socket.MSG_OOB)\ntime.sleep(9)",
        says="pad_sents() raised PermissionError in utils.py, line",
    ),
    Attack(
        "A20",
        "half a frame, a byte out of band, and nothing else",
        before=PROTOCOL,
        body="channel().send(bytes(2))\nchannel().send(b'!', socket.MSG_OOB)\ntime.sleep(9)",
        says=BROKE + "a malformed frame",
    ),
    Attack(
        "A20",
        "a byte out of band as its module is imported",
        before=PROTOCOL + "\nchannel().send(b'!', socket.MSG_OOB)\n",
        body=RIGHT,
    ),
    Attack(
        "A20",
        "half a frame, then the end of the process",
        before=PROTOCOL,
        body="channel().send(answer([[], sents])[:9])\nos._exit(0)",
        says="pad_sents() ended the process instead of returning",
    ),
    Attack(
        "A69",
        "its connection closed, and goes on",
        before=PROTOCOL,
        body="channel().close()\nwhile True: time.sleep(1)",
        says=BROKE + "it closed its connection",
    ),
    Attack(
        "A69",
        "its connection shut down, and goes on",
        before=PROTOCOL,
        body="channel().shutdown(socket.SHUT_RDWR)\nwhile True: time.sleep(1)",
        says=BROKE + "it closed its connection",
    ),
    Attack("A54", "stops itself", body="import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", says=SLOW),
]

OURS = [
    Attack(
        "A26",
        "our own checks and gradients imported",
        body="""
import importlib, sanity
for name in ("sanity.gradients", "sanity.gradients.numeric", "sanity.a4.padding", "sanity.a4.encode"):
    tried(name, lambda: importlib.import_module(name))
tried("by attribute", lambda: sanity.numeric_gradient)
tried("by package", lambda: sanity.a4.padding)
for name in ("gradients/numeric.py", "a4/encode.py", "a4/beside/model.py"):
    tried(name, lambda: open(sanity.__path__[0] + "/" + name).read(1))
"""
        + RIGHT,
        prints=("sanity.gradients refused ModuleNotFoundError", "gradients/numeric.py refused PermissionError"),
    ),
]

MESSAGES = [*LINES, *WORDS, *SIZES, *FRAMES, *SOCKETS, *OURS]
