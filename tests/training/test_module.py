import numpy as np
import pytest
import torch
from pytorch_lightning import Trainer
from torch.optim import lr_scheduler

from fer_exp.config import BackboneConfig, TrainerConfig
from fer_exp.errors import RunError
from fer_exp.methods.ce import CrossEntropy
from fer_exp.methods.method import Setting
from fer_exp.training.batches import Batches, Examples
from fer_exp.training.module import FaceModule, factor
from fer_exp.training.networks import build_network
from tests.training.trainer import bare_trainer

pytestmark = pytest.mark.usefixtures("light")  # what learns here is the module


def bright_and_dark(count: int = 48) -> Examples:
    """Two classes that differ in brightness, rated by it."""
    labels = np.arange(count) % 2
    noise = np.random.default_rng(0).integers(0, 100, (count, 32, 32, 1))
    pixels = (noise + 120 * labels[:, None, None, None]).astype(np.uint8)
    affect = torch.from_numpy(labels[:, None] * [1.0, 0.5]).float()
    return Examples(pixels, np.arange(count), torch.eye(2)[torch.from_numpy(labels)], affect)


def fit(
    tmp_path, seed: int = 0, examples: Examples | None = None, epochs: int = 6, **settings
) -> tuple[FaceModule, Trainer]:
    network, _ = build_network(BackboneConfig(), 32, 2, True, seed)
    method = CrossEntropy(Setting(2, 48, 512, epochs, lambda: network))
    module = FaceModule(network, method, TrainerConfig(**settings), ("dark", "bright"))
    trainer = bare_trainer(tmp_path, epochs)
    data = examples or bright_and_dark()
    trainer.fit(module, Batches(data, 16, seed, shuffle=True), Batches(data, 16, seed, shuffle=False, shard=False))
    return module, trainer


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_training_learns_what_can_be_learned(tmp_path, optimizer):
    _, trainer = fit(tmp_path, optimizer=optimizer, learning_rate=0.003 if optimizer == "adamw" else 0.03)
    assert trainer.callback_metrics["val_accuracy"] > 0.9


def test_the_same_seed_trains_the_same_weights_to_the_bit(tmp_path):
    first, again, other = (fit(tmp_path, seed, epochs=2)[0].network.state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(value, again[key]) for key, value in first.items())
    assert not torch.equal(first["classify.weight"], other["classify.weight"])


@pytest.mark.parametrize(
    ("settings", "reference"),
    [
        ({"schedule": "exponential", "decay": 0.95}, lambda o: lr_scheduler.ExponentialLR(o, 0.95)),
        ({"schedule": "exponential"}, lambda o: lr_scheduler.ExponentialLR(o, 0.9)),
        ({"schedule": "step", "milestones": [0.5, 0.75]}, lambda o: lr_scheduler.MultiStepLR(o, [20, 30])),
        (
            {"schedule": "linear", "milestones": [0.4]},
            lambda o: lr_scheduler.SequentialLR(
                o, [lr_scheduler.ConstantLR(o, 1.0), lr_scheduler.LinearLR(o, 1.0, 0.0, 24)], [16]
            ),
        ),
        ({"schedule": "cosine"}, lambda o: lr_scheduler.CosineAnnealingLR(o, 40)),
    ],
)
def test_the_learning_rate_is_that_of_torchs_schedulers_at_the_start_of_every_epoch(settings, reference):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, steps = reference(optimizer), 7
    config = TrainerConfig(epochs=40, **settings)
    for epoch in range(40):
        assert factor(config, epoch * steps / (40 * steps)) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-9)
        if config.schedule == "exponential":  # once an epoch
            assert factor(config, (epoch * steps + steps - 1) / (40 * steps)) == factor(config, epoch / 40)
        optimizer.step()
        scheduler.step()


def test_a_loss_of_nan_stops_the_run_and_says_where(tmp_path):
    data = bright_and_dark()
    data.target[3] = float("nan")
    with pytest.raises(RunError, match=r"epoch 1, step \d.*learning_rate"):
        fit(tmp_path, examples=data)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"val_loss": torch.tensor(torch.nan)}, "the loss on validation is nan at epoch 1"),
        ({"train_loss": torch.tensor(torch.inf)}, "the loss is inf at epoch 1"),
        ({}, "the weights are no numbers any more at epoch 1"),
    ],
)
def test_an_epoch_that_diverged_ends_the_run_before_it_is_saved(broken, said):
    class Ended:
        callback_metrics, current_epoch, optimizers = broken, 0, ()

    network, _ = build_network(BackboneConfig(), 32, 2, True, 0)
    method = CrossEntropy(Setting(2, 48, 512, 1, lambda: network))
    module = FaceModule(network, method, TrainerConfig(precision="16-mixed"), ())
    trainer = module.trainer = Ended()
    if not broken:
        with torch.no_grad():
            network.classify.bias[0] = torch.nan
    with pytest.raises(RunError, match=rf"{said}\. Repeated, .* or trainer.precision=32-true"):
        module.on_train_epoch_end()
    assert trainer is not None
