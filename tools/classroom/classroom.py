"""Start a JupyterHub for a class on this machine (``make classroom``); see docs/classroom.md.

It listens on this machine only, unless ``--address`` says otherwise. The password of the class is
made up at each start, unless ``CLASSROOM_PASSWORD`` holds one. Stop it with Ctrl+C.
"""

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
PROXY, VERSION = "configurable-http-proxy", "5.3.0"


def proxy() -> Path:
    """What leads each student to their own server: a small Node.js program, installed once."""
    folder = BUILD / f"{PROXY}-{VERSION}"
    program = folder / "node_modules" / ".bin" / PROXY
    if not program.exists():
        if not shutil.which("npm"):
            sys.exit("JupyterHub's proxy needs Node.js 20 or newer with npm. Install it first.")
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", f"{PROXY}@{VERSION}"]
        subprocess.run(command, cwd=folder, check=True)
    return program


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", default="http://127.0.0.1:8000", help="where it listens")
    parser.add_argument("--memory", type=float, default=4, help="GiB, at most, for a process")
    parser.add_argument("--state", type=Path, default=BUILD / "classroom", help="students' work")
    options = parser.parse_args()
    if os.name == "nt":
        sys.exit("JupyterHub does not run on Windows itself: use its Linux subsystem (WSL).")
    options.state.mkdir(parents=True, exist_ok=True)
    options.state.chmod(0o700)  # the cookies' secret and the students' work are in it
    password = os.environ.get("CLASSROOM_PASSWORD") or secrets.token_urlsafe(8)
    print(f"The class logs in at {options.address}\nwith any name and the password {password}")
    environment = os.environ | {
        "CLASSROOM_ADDRESS": options.address,
        "CLASSROOM_MEMORY": str(options.memory),
        "CLASSROOM_PASSWORD": password,
        "CLASSROOM_PROXY": str(proxy()),
        "CLASSROOM_STATE": str(options.state.resolve()),
    }
    config = ROOT / "tools" / "classroom" / "jupyterhub_config.py"
    command = [sys.executable, "-m", "jupyterhub", "--config", str(config)]
    hub = subprocess.Popen(command, cwd=options.state, env=environment)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl+C
    try:
        sys.exit(hub.wait())
    except KeyboardInterrupt:
        hub.terminate()  # it takes the students' servers and the proxy with it
        hub.wait()
        print("The classroom is closed. The students' work is in", options.state / "students")


if __name__ == "__main__":
    main()
