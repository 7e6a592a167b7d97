"""Hydra's sweeper for jobs that are no product of axes; Hydra finds plugins in a package of this name alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

# hydra/sweeper=fer_exp_jobs; jobs is a file of JSON, a list of words for each job.
CONFIG = {"_target_": "hydra_plugins.fer_exp_jobs.JobsSweeper", "jobs": "???"}
ConfigStore.instance().store(group="hydra/sweeper", name="fer_exp_jobs", node=CONFIG, provider="fer_exp")


class JobsSweeper(Sweeper):
    """Gives listed jobs to the launcher, all at once and in their order, so that its workers never wait for each other.

    Their configs are not composed beforehand, as Hydra's own sweeper does: whoever lists them has.
    """

    def __init__(self, jobs: str) -> None:
        self.jobs = jobs

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """As Hydra asks of a sweeper."""
        self.hydra_context, self.config = hydra_context, config
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )
        self.launch = launcher.launch

    def sweep(self, arguments: list[str]) -> Any:
        """Run the jobs; ``arguments`` are the words that all of them share."""
        jobs = json.loads(Path(self.jobs).read_text(encoding="utf-8"))
        returned = self.launch([[*arguments, *job] for job in jobs], initial_job_idx=0)
        for job in returned:
            _ = job.return_value  # raises where the job was lost
        return returned
