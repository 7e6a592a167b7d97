"""A study that a server of this process serves, over real sockets."""

import asyncio
import threading
from contextlib import contextmanager

import numpy as np
from PIL import Image

from fer_exp.collecting.faces import prepared, read_faces
from fer_exp.collecting.opening import begun, held
from fer_exp.collecting.server import application, listening, serving
from fer_exp.collecting.session import Sessions
from tests.collecting.studies import study_of


@contextmanager
def served(folder, pictures, side, **keys):
    """A server in a thread, of so many square pictures and a study with these keys; gives its port and the sessions."""
    draw = np.random.default_rng(0)
    for n in range(pictures):
        Image.fromarray(draw.integers(0, 255, (side, side), dtype=np.uint8)).save(folder / f"{n}.png")
    study = study_of(folder, **keys)
    faces = read_faces([str(folder)], study)
    with held(folder / "out") as ledger, listening("127.0.0.1", 0) as taken:
        shown, files = prepared(faces, folder / "out" / "pictures")
        sessions = Sessions(study, begun(ledger, study, shown, files, (0, 0)), ledger)
        server = serving(application(sessions))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[taken])))
        thread.start()
        try:
            yield taken.getsockname()[1], sessions
        finally:
            server.should_exit = True
            thread.join()
            sessions.close()
