"""Tell which system calls workers make: `python -m tests.hostile.measure_system_calls [ASSIGNMENT …]`. Needs strace.

A worker imports the reference of an assignment, and before it the workout below, which uses the course's libraries as
submissions do. It runs without walls, so that nothing is refused. Each line is a call with how often it was made and
the arguments that the filter judges; those that the filter refuses, whatever their arguments, are marked.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from graders.course.assignment import load_assignment
from graders.sandbox.inside.system_calls import ALLOWED, JUDGED, numbers
from graders.sandbox.inside.wire import Ask, encode
from graders.sandbox.isolation import Isolation
from graders.sandbox.profile import Profile
from graders.sandbox.zygote import Zygote
from sanity.core.submission_modules import module_name

SECONDS = 300
MB = 8192
JUDGED_ARGUMENTS = {
    **{"ioctl": r"[^,]+, ([^,)]+)", "fcntl": r"[^,]+, (F_SETFL, [^)]+|[^,)]+)", "prctl": r"([^,)]+)"},
    **{"arch_prctl": r"([^,)]+)", "prlimit64": r"(.+?, .+?, [^,]+)", "clone": r".*flags=([^,)]+)"},
    **{"open": r"[^,]+, ([^,)]+)", "openat": r"[^,]+, [^,]+, ([^,)]+)", "sendto": r".*, ([^,]+, [^,]+, \d+)\)"},
}
"""Patterns of what is judged in the arguments, as strace prints them."""

WORKOUT = """
import concurrent.futures, glob, gzip, io, json, logging, os, pathlib, pickle, random, shutil, signal, sqlite3, tempfile
import threading, time, zipfile

def attempt(use):
    try:
        use()
    except BaseException as error:
        print(use.__name__, type(error).__name__, error)

@attempt
def files():
    pathlib.Path("folder/deep").mkdir(parents=True)
    pathlib.Path("folder/deep/a").write_text("a")
    pathlib.Path("folder/deep/a").rename("folder/b")
    os.symlink("b", "folder/c"), os.link("folder/b", "folder/d"), os.access("folder", os.W_OK)
    list(os.walk(".")), glob.glob("**/*", recursive=True), pathlib.Path("folder/c").resolve(), os.readlink("folder/c")
    with open("folder/b", "r+b") as file:
        file.truncate(0), os.fsync(file.fileno()), file.seek(0, 2)
    shutil.copyfile("folder/b", "folder/e")
    shutil.rmtree("folder")
    with tempfile.TemporaryDirectory(), tempfile.TemporaryFile(), tempfile.NamedTemporaryFile(): pass
    zipfile.ZipFile("z", "w").writestr("a", "b"), gzip.open("g", "w").write(b"x"), pickle.dump(1, open("p", "wb"))
    logging.basicConfig(filename="log"), logging.error("x")
    sqlite3.connect(":memory:").execute("create table t(a)")

@attempt
def threads_and_time():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(abs, range(100)))
    threading.Lock().acquire(timeout=0.01), time.sleep(0.01), random.SystemRandom().random()
    signal.signal(signal.SIGALRM, lambda *arguments: None)
    signal.setitimer(signal.ITIMER_REAL, 0.01), time.sleep(0.05), signal.raise_signal(signal.SIGALRM)

@attempt
def numpy_and_scipy():
    import numpy as np, scipy.sparse, scipy.sparse.linalg
    a = np.random.rand(300, 300)
    np.linalg.svd(a), a @ a, np.save("a.npy", a), np.load("a.npy", mmap_mode="r+"), np.savetxt("a.txt", a)
    np.savez("a.npz", a=a), np.memmap("m", shape=9, mode="w+"), a.tofile("t"), np.fromfile("t")
    scipy.sparse.linalg.svds(scipy.sparse.random(99, 99, 0.1), k=2)

@attempt
def matplotlib():
    import matplotlib.pyplot as plt
    plt.scatter([1, 2], [3, 4]), plt.title("$x^2$"), plt.savefig("a.png"), plt.savefig("a.pdf"), plt.savefig("a.svg")
    plt.show(), plt.close("all")

@attempt
def scikit_learn():
    import numpy as np
    from sklearn.decomposition import PCA, TruncatedSVD
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.manifold import TSNE
    x = np.random.rand(60, 5)
    TruncatedSVD(2).fit_transform(x), PCA(2).fit(x), TSNE(2, perplexity=5, max_iter=250).fit_transform(x)
    RandomForestClassifier(5, n_jobs=2).fit(x, [0, 1] * 30)

@attempt
def gensim():
    import numpy as np
    from gensim.models import KeyedVectors, Word2Vec
    k = KeyedVectors(10)
    k.add_vectors(["a", "b"], np.random.rand(2, 10)), k.save("k"), KeyedVectors.load("k", mmap="r").most_similar("a")
    Word2Vec([["a", "b", "c"] * 10] * 20, min_count=1, workers=2, vector_size=5)

@attempt
def torch():
    import torch
    torch.set_num_threads(2), torch.linalg.svd(torch.rand(500, 500) @ torch.rand(500, 500))
    m = torch.nn.LSTM(9, 9)
    m(torch.rand(5, 2, 9))[0].sum().backward(), torch.optim.Adam(m.parameters()).step()
    torch.save(m.state_dict(), "m"), torch.load("m"), torch.load("m", mmap=True)
    torch.nn.Conv1d(3, 4, 2)(torch.rand(1, 3, 5))
    list(torch.utils.data.DataLoader(list(range(9)), batch_size=2, shuffle=True)), torch.cuda.is_available()
    torch.jit.script(torch.nn.Linear(2, 2))(torch.rand(1, 2))

print("done")
"""


def work(assignment: str) -> None:
    """Let a worker import the workout and the reference, and repeat what it prints."""
    loaded = load_assignment(assignment)
    profile = replace(
        Profile.answering(loaded.manifest), statement_seconds=None, memory_mb=MB, file_bytes=MB * 2**20, open_files=1024
    )
    files = dict(loaded.reference)
    names = [name for names in profile.modules for name in names if name in files]
    files[names[0]] = WORKOUT.encode() + files[names[0]].replace(b"from __future__ import annotations\n", b"")
    with Zygote(profile, Isolation.NONE) as zygote:
        worker = zygote.fork(files, SECONDS)
        for name in names:
            worker.channel.sendall(encode(Ask(1, module_name(name))))
            while worker.channel not in (ready := select.select([worker.channel, worker.output], [], [])[0]):
                print(os.read(ready[0], 65536).decode(errors="replace"), end="")
            worker.channel.recv(65536)
        zygote.reap(worker)


def traced(folder: Path) -> Iterator[str]:
    """Yield the lines of strace that are a worker's, with its threads': from when it is ready to serve."""
    lines = {path.suffix: path.read_text(errors="replace").splitlines() for path in folder.iterdir()}
    pending = []
    for own in lines.values():
        ready = (number for number, line in enumerate(own) if re.match(r'write\(\d+, "!", 1\)', line))
        if (start := next(ready, None)) is not None:
            pending.append(own[start:])
    while pending:
        for line in pending.pop():
            yield line
            if "CLONE_THREAD" in line and (thread := re.search(r"= (\d+)$", line)):
                pending.append(lines.get(f".{thread[1]}", []))


def measured(folder: Path) -> Counter[str]:
    """Return how often each call was made, with what is judged of its arguments."""
    calls: Counter[str] = Counter()
    for line in traced(folder):
        if call := re.match(r"(\w+)\((.*)", line):
            judged = re.match(JUDGED_ARGUMENTS.get(call[1], "()"), call[2])
            calls[f"{call[1]} {judged[1].strip() if judged else ''}".strip()] += 1
    return calls


def main() -> None:
    """Trace a worker for each assignment, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("assignments", nargs="*", default=["a1", "a2", "a4"])
    parser.add_argument("--work", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        work(args.work)
        return
    if not shutil.which("strace"):
        parser.error("strace is not installed")
    calls: Counter[str] = Counter()
    for assignment in args.assignments:
        with tempfile.TemporaryDirectory() as folder:
            trace = ["strace", "-ff", "-qq", "-s", "64", "-o", f"{folder}/t"]
            subprocess.run([*trace, sys.executable, "-m", __spec__.name, "--work", assignment], check=True)
            calls += measured(Path(folder))
    known = set(numbers(ALLOWED + JUDGED, "x86_64"))
    for call, count in sorted(calls.items()):
        print(f"{count:8} {call}{'' if call.split()[0] in known else '   REFUSED'}")


if __name__ == "__main__":
    main()
