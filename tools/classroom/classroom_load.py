"""Let many students run a lesson at the same time in a classroom on this machine, and measure.

    python tools/classroom/classroom_load.py [--students 8] [--lesson 02_grad_cam]

Starts `tools/classroom/classroom.py` on a free port of this machine; each student logs in as a
browser does, starts a server, opens the lesson and runs its cells one after another. Prints how
long each took, and what memory they needed. Ends with an error if a cell fails or a kernel dies.
"""

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import nbformat
import psutil
import requests
import websocket

CLASSROOM = str(Path(__file__).with_name("classroom.py"))
PASSWORD = "for this run only"
WAIT = 180  # seconds for a server or a kernel to start


class Student:
    """One browser's session with the hub."""

    def __init__(self, hub: str, name: str) -> None:
        self.hub, self.name = hub, name
        self.web = requests.Session()
        self.base = f"{hub}/user/{name}"

    def log_in(self) -> None:
        """Fill in the form; then wait until the student's own server answers."""
        page = self.web.get(f"{self.hub}/hub/login")
        token = re.search(r'name="_xsrf" value="([^"]+)"', page.text)[1]
        form = {"username": self.name, "password": PASSWORD, "_xsrf": token}
        self.web.post(f"{self.hub}/hub/login", data=form).raise_for_status()
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            answer = self.web.get(f"{self.base}/lab")
            if answer.ok and answer.url.startswith(self.base):
                return
            time.sleep(1)
        raise TimeoutError(f"{self.name}'s server did not start in {WAIT} s")

    def request(self, method: str, api: str, /, **body: Any) -> Any:
        """Ask the student's server, with the token that protects it against other sites."""
        tokens = [k.value for k in self.web.cookies if k.name == "_xsrf" and self.name in k.path]
        answer = self.web.request(
            method, f"{self.base}/api/{api}", json=body or None, params={"_xsrf": tokens[-1]}
        )
        answer.raise_for_status()
        return answer.json() if answer.text else None

    def run(self, lesson: str) -> float:
        """Seconds that the lesson's code cells took, from the first to the last."""
        self.log_in()
        path = f"notebooks/{lesson}.ipynb"
        content = self.request("GET", f"contents/{path}")["content"]
        notebook = nbformat.from_dict(content)
        with self.kernel(path) as channels:
            start = time.monotonic()
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    execute(channels, cell.source)
            return time.monotonic() - start

    @contextmanager
    def kernel(self, path: str) -> Iterator[websocket.WebSocket]:
        """Start the kernel of a notebook; give the channels to it, and stop it at the end."""
        session = self.request(
            "POST", "sessions", path=path, type="notebook", name=path, kernel={"name": "python3"}
        )
        kernel = session["kernel"]["id"]
        cookies = "; ".join(f"{k.name}={k.value}" for k in self.web.cookies)
        channels = websocket.create_connection(
            f"{self.base.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels",
            cookie=cookies,
            timeout=600,
        )
        yield channels
        channels.close()
        self.request("DELETE", f"sessions/{session['id']}")


def execute(channels: websocket.WebSocket, code: str) -> None:
    """Run one cell, and wait until the kernel is idle again."""
    number = uuid.uuid4().hex
    header = {"msg_id": number, "msg_type": "execute_request", "username": "", "session": number,
              "version": "5.3", "date": ""}  # fmt: skip
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    channels.send(json.dumps({**message, "channel": "shell", "buffers": []}))
    while True:
        received = channels.recv()
        if isinstance(received, bytes):  # pictures may come with buffers
            continue
        answer = json.loads(received)
        if answer["parent_header"].get("msg_id") != number:
            continue
        if answer["msg_type"] == "error":
            raise RuntimeError("\n".join(answer["content"]["traceback"][-3:]))
        if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
            return


def watch(hub: psutil.Process, stop: Event, peaks: dict[str, float]) -> None:
    """Note the largest memory of one kernel, and of everything, in GiB; shared pages count once."""
    while not stop.wait(3) and hub.is_running():
        kernels, everything = [], 0.0
        for process in hub.children(recursive=True):
            try:
                used = process.memory_full_info().pss / 2**30
                if "ipykernel_launcher" in " ".join(process.cmdline()):
                    kernels.append(used)
                everything += used
            except psutil.Error:
                continue
        peaks["one kernel"] = max(peaks.get("one kernel", 0), *kernels, 0)
        peaks["everything"] = max(peaks.get("everything", 0), everything)


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def running(*options: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """A classroom on a free port, with a folder of its own; give its address and its process."""
    address = f"http://127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory(prefix="classroom-") as state:
        log = Path(state, "log.txt")
        with log.open("w") as output:
            server = subprocess.Popen(
                [sys.executable, CLASSROOM, "--address", address, "--state", state, *options],
                env=os.environ | {"CLASSROOM_PASSWORD": PASSWORD},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_for(f"{address}/hub/login", server, log)
            yield address, server
        finally:
            server.terminate()
            server.wait(60)


def load(students: int, lesson: str) -> None:
    """Let the students of a classroom run the lesson; print what was measured."""
    stop, peaks = Event(), {}
    with running() as (address, server):
        Thread(target=watch, args=(psutil.Process(server.pid), stop, peaks), daemon=True).start()
        start = time.monotonic()
        names = [f"student-{i}" for i in range(1, students + 1)]
        try:
            with ThreadPoolExecutor(students) as pool:
                seconds = list(pool.map(lambda name: Student(address, name).run(lesson), names))
        finally:
            stop.set()
    print(f"{students} students ran {lesson}: {min(seconds):.0f} to {max(seconds):.0f} s each,")
    print(f"{time.monotonic() - start:.0f} s from the first login to the last cell.")
    print(f"Memory at its peak: {peaks['one kernel']:.2f} GiB for the largest kernel,")
    print(f"{peaks['everything']:.1f} GiB for all of it, {students} servers and the hub too.")


def wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    """Until the page is there."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        if server.poll() is not None:
            sys.exit(f"the classroom stopped at once:\n{log.read_text()}")
        try:
            if requests.get(address, timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(1)
    raise TimeoutError(f"no classroom at {address} after {WAIT} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=8)
    parser.add_argument("--lesson", default="02_grad_cam")
    options = parser.parse_args()
    load(options.students, options.lesson)
