"""What every method must do, whatever it teaches; a new method is covered by its name in METHODS."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from fer_exp.cli.compose import method_keys
from fer_exp.config import MethodConfig
from fer_exp.errors import RequestError
from fer_exp.methods import METHODS, make_method
from fer_exp.methods.method import Method, Setting, Step
from fer_exp.training.monitor import Monitor
from fer_exp.training.networks import FaceNetwork
from tests.methods.learnable import SHORT, WIDTH, fit, tiny_module, tiny_network
from tests.methods.small import CLASSES, FACES, FEATURES, SmallNetwork, a_step, made
from tests.processes import forked


class Gradients(Callback):
    """Names of the parameters that went without a gradient in some step: under DDP each would be an error."""

    def __init__(self) -> None:
        self.missing: set[str] = set()
        self.steps = 0

    def on_after_backward(self, trainer, pl_module) -> None:
        self.steps += 1
        self.missing |= {name for name, p in pl_module.named_parameters() if p.requires_grad and p.grad is None}


@dataclass
class Trained:
    name: str
    trainer: Trainer
    gradients: Gradients
    second: Path
    state: dict[str, torch.Tensor]


@pytest.fixture(scope="module", params=METHODS)
def trained(request, tmp_path_factory) -> Trained:
    """Three epochs on 40 % wrong labels, with a valence/arousal head; the first is of warm-up where there is one."""
    module, gradients = tiny_module(request.param, learning_rate=0.01), Gradients()
    folder = tmp_path_factory.mktemp("whole")
    saver = ModelCheckpoint(folder, "{epoch}", save_top_k=-1, save_on_train_epoch_end=True)
    trainer = fit(module, folder, 3, gradients, saver, enable_checkpointing=True)
    return Trained(request.param, trainer, gradients, folder / "epoch=1.ckpt", module.state_dict())


def test_it_learns_in_spite_of_wrong_labels(trained):
    assert torch.isfinite(trained.trainer.callback_metrics["train_loss"])
    assert trained.trainer.callback_metrics["val_accuracy"] > 0.6  # chance is one third


def test_every_parameter_has_a_gradient_at_every_step(trained):
    assert trained.gradients.steps == 60
    assert not trained.gradients.missing


@pytest.mark.parametrize("name", METHODS)
def test_without_rated_faces_there_is_no_head_for_them_and_it_trains(name, tmp_path):
    module, gradients = tiny_module(name, affect=False), Gradients()
    trainer = fit(module, tmp_path, 1, gradients, limit_train_batches=4)
    assert torch.isfinite(trainer.callback_metrics["train_loss"])
    assert not gradients.missing
    assert not [key for key in module.state_dict() if "affect" in key]


def test_stopped_and_resumed_it_is_the_same_to_the_bit(trained, tmp_path):
    torch.manual_seed(99)  # nothing may hang on torch's own generator
    resumed = tiny_module(trained.name, learning_rate=0.01)
    fit(resumed, tmp_path, 3, resume=trained.second)
    again = resumed.state_dict()
    assert again.keys() == trained.state.keys()
    for name, value in trained.state.items():
        torch.testing.assert_close(again[name], value, rtol=0, atol=0, equal_nan=True, msg=name)


def short(name: str) -> dict:
    """The keys that let a method do all that it does within a few epochs."""
    return {key: value for key, value in SHORT.items() if key in method_keys(name)}


def small(name: str, **given) -> Method:
    setting = Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, noise_rate=0.4, **given)
    return made(name, setting, **short(name))


@pytest.mark.parametrize("name", METHODS)
def test_first_weights_do_not_hang_on_torchs_generator(name):
    torch.manual_seed(1)
    first = small(name).state_dict()
    torch.manual_seed(2)
    for key, value in small(name).state_dict().items():
        torch.testing.assert_close(value, first[key], rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("name", METHODS)
def test_soft_targets_are_taught_or_refused_in_a_sentence(name):
    if METHODS[name].needs_one_class:
        with pytest.raises(RequestError, match=rf"method={name} cannot be taught distributions: .+labels=noisy"):
            small(name, one_class=False)
        return
    method, network = small(name, one_class=False), SmallNetwork()
    generator = torch.Generator().manual_seed(0)
    target = (3 * torch.randn(10, CLASSES, generator=generator, dtype=torch.float64)).softmax(dim=1)
    step = a_step(10, target=target, views=len(method.views))
    losses = [method.learn(network, replace(step, epoch=epoch)).loss for epoch in (0, 5)]
    sharp = torch.eye(CLASSES, dtype=torch.float64)[target.argmax(dim=1)]
    others = [method.learn(network, replace(step, epoch=epoch, target=sharp)).loss for epoch in (0, 5)]
    assert all(torch.isfinite(loss) for loss in losses)
    assert losses[0] != others[0]  # what is taught is the distribution, not its top class


@pytest.mark.parametrize("label", [0, CLASSES - 1])
@pytest.mark.parametrize("name", METHODS)
def test_two_faces_of_one_class_can_be_taught(name, label):
    method, network = small(name), SmallNetwork()
    target = torch.eye(CLASSES, dtype=torch.float64)[[label, label]]
    for epoch in (0, 1, 5):
        step = a_step(2, seed=epoch, epoch=epoch, target=target, views=len(method.views))
        learnt = method.learn(network, step)
        learnt.loss.backward()
        method.after_step(network)
        method.after_epoch(epoch)
        assert torch.isfinite(learnt.loss)
        assert learnt.output.logits.shape == (2, CLASSES)
        for key, each in [*network.named_parameters(), *method.named_parameters()]:
            assert not each.requires_grad or torch.isfinite(each.grad).all(), key


def ready(name: str, weights: torch.Tensor | None = None) -> tuple[Method, FaceNetwork, Step]:
    """A method in single precision, a tiny network and a step of ten faces, on torch's default device."""
    setting = Setting(3, FACES, WIDTH, 20, tiny_network, weights=weights, noise_rate=0.4)
    method = make_method(MethodConfig(name, keys=method_keys(name) | short(name)), setting)
    faces, target = torch.rand(10, 3, 16, 16), torch.eye(3)[torch.arange(10) % 3]
    step = Step((faces,) * len(method.views), target, torch.arange(10), torch.zeros(10, 2), epoch=0, seed=1)
    return method, tiny_network(), step


@pytest.mark.parametrize("name", METHODS)
def test_on_a_gpu_a_step_mixes_no_devices_and_waits_for_nothing(name):
    """On tensors that have a device but no values: to read one, or to mix two devices, is an error."""
    with FakeTensorMode():
        weights = torch.ones(3)
        with torch.device("cuda"):
            method, network, step = ready(name, weights)
        for epoch in (0, 5):
            loss = method.learn(network, replace(step, epoch=epoch)).loss
            method.after_step(network)
            assert (loss.dtype, loss.device.type) == (torch.float32, "cuda")


@pytest.mark.parametrize("name", METHODS)
def test_in_mixed_precision_losses_stay_single_and_near(name):
    (method, network, step), (single, other, _) = ready(name), ready(name)
    for epoch in (0, 5):
        now = replace(step, epoch=epoch)
        with torch.autocast("cpu", torch.bfloat16):
            mixed = method.learn(network, now).loss
        mixed.backward()
        assert mixed.dtype == torch.float32
        torch.testing.assert_close(mixed, single.learn(other, now).loss, rtol=0.1, atol=0.1)


def elr_on_two(place: Path) -> None:
    # In float64, and so that what one process learns comes back to it: two that share one start.
    module = tiny_module("elr", affect=False, normalised=False, optimizer="sgd", learning_rate=0.03).double()
    fit(module, place, 2, devices=2, strategy="ddp_fork", precision="64-true")
    torch.save(module.method.earlier, place / "earlier.pt")


@pytest.mark.slow
def test_elr_remembers_the_same_on_two_processes(tmp_path):
    process = forked(elr_on_two, tmp_path)
    process.join()
    assert process.exitcode == 0
    two = torch.load(tmp_path / "earlier.pt", weights_only=True)
    # Shared batch normalisation is a plugin of our trainer; this one is bare, and the network has none.
    module = tiny_module("elr", affect=False, normalised=False, optimizer="sgd", learning_rate=0.03)
    fit(module, tmp_path, 2, precision="64-true")
    assert (two.sum(dim=1) > 0.3).all()  # every face was met
    torch.testing.assert_close(two, module.method.earlier, rtol=0, atol=1e-10)


class NoDoubles(TorchDispatchMode):
    """A device without float64, as Apple's is: whatever makes such a number fails."""

    def __torch_dispatch__(self, function, types, given=(), named=None):
        made = function(*given, **(named or {}))
        for each in tree_leaves(made):
            if isinstance(each, torch.Tensor) and each.dtype == torch.float64:
                raise TypeError(f"{function} makes float64")
        return made


@pytest.mark.parametrize("name", METHODS)
def test_a_step_makes_no_number_that_apples_gpu_lacks(name, monkeypatch):
    for module in ("methods.scn", "training.module", "training.monitor"):
        monkeypatch.setattr(f"fer_exp.{module}.exact", lambda values: values.float())  # is done on the CPU there
    setting = Setting(CLASSES, FACES, FEATURES, 20, lambda: SmallNetwork().float(), noise_rate=0.2)
    method, network = made(name, setting).float(), SmallNetwork().float()
    views = len(method.views)
    for epoch in (0, 19):
        step = a_step(epoch=epoch, views=views)
        step = replace(step, views=tuple(view.float() for view in step.views), target=step.target.float())
        with NoDoubles():
            learnt = method.learn(network, step)
            learnt.loss.backward()
            method.after_step(network)
        monitor = Monitor(tuple("abcd"))
        monitor.see(learnt.output.logits, step.target, step.target.argmax(dim=1), learnt.selected, learnt.figures)
        with NoDoubles():
            monitor.figures()
