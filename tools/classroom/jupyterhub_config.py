"""A JupyterHub for one class on one machine: `make classroom` starts it; see docs/classroom.md.

Students log in with a name of their own and the class's password. All share this folder's
environment, networks and photographs; each has a copy of the notebooks.
"""

import os
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner
from jupyterhub.utils import random_port

ROOT = Path(__file__).resolve().parents[2]
STATE = Path(os.environ["CLASSROOM_STATE"])
STUDENTS = STATE / "students"
MEMORY = int(float(os.environ.get("CLASSROOM_MEMORY", "4")) * 2**30)  # bytes for a process

c = get_config()  # noqa: F821

c.JupyterHub.bind_url = os.environ.get("CLASSROOM_ADDRESS", "http://127.0.0.1:8000")
c.JupyterHub.db_url = f"sqlite:///{STATE / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.JupyterHub.hub_port = random_port()
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{random_port()}"
c.ConfigurableHTTPProxy.command = [os.environ["CLASSROOM_PROXY"]]
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = os.environ["CLASSROOM_PASSWORD"]
c.Authenticator.allow_all = True
c.Authenticator.username_pattern = r"^[a-z][a-z0-9-]{0,30}$"  # it names a folder

c.SimpleLocalProcessSpawner.home_dir_template = str(STUDENTS / "{username}")
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.Spawner.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.Spawner.environment = {
    "LESSONS_PASSED": lambda spawner: str(STUDENTS / spawner.user.name / "passed.json"),
    # Eight kernels on two cores: each with threads for all cores only gets in the others' way.
    "TF_NUM_INTRAOP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120


def own_notebooks(spawner: object) -> None:
    """Give a student a copy of the lessons, once; what they changed is kept."""
    home = STUDENTS / spawner.user.name
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "notebooks").exists():
        shutil.copytree(
            ROOT / "notebooks",
            home / "notebooks",
            ignore=shutil.ignore_patterns(".ipynb_checkpoints"),
        )
    if not (home / "data").exists():
        (home / "data").symlink_to(ROOT / "data")  # the lessons' links lead there


class Student(SimpleLocalProcessSpawner):
    """A process of this account for each student, with a limit on its memory and its kernels'."""

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        prepare = super().make_preexec_fn(name)

        def limited() -> None:
            prepare()
            # Whoever wants more gets a MemoryError, and the others go on.
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))

        return limited


c.JupyterHub.spawner_class = Student
c.Spawner.pre_spawn_hook = own_notebooks
