"""A face drawn with Pillow from a person, a view and action units: larger than asked, then reduced, so edges are soft.

Face coordinates: x to the right of the picture, y downwards, in units of half the picture, the head's centre at 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from fer_exp.datasets.synthetic.people import Colour, Person, View, mix

Points = NDArray[np.float64]

EYES_Y, BROWS_Y, NOSE_Y, MOUTH_Y = -0.10, -0.30, 0.18, 0.45
DEPTH = 0.45
"""How far the middle of the face stands out before its rim, in half pictures: what turns with yaw and pitch."""

INK: Colour = (24.0, 16.0, 16.0)
TEETH: Colour = (238.0, 234.0, 222.0)
INSIDE: Colour = (70.0, 18.0, 24.0)
WHITE: Colour = (240.0, 238.0, 232.0)


def draw_face(
    person: Person, view: View, actions: Mapping[str, float], side: int, size: int, noise_seed: Sequence[int]
) -> NDArray[np.uint8]:
    """One picture.

    Args:
        person: who.
        view: pose, light, blur, noise and what covers the face.
        actions: intensity 0..1 of each of ``expressions.ACTION_UNITS``.
        side: -1 or 1, where the one-sided units act.
        size: height and width in pixels.
        noise_seed: of the camera's noise.

    Returns:
        Shape (size, size, 3), uint8, RGB.
    """
    factor = max(2, min(4, 256 // size))
    pen = _Pen(person, view, size * factor)
    _hair_behind(pen)
    _head(pen)
    _lines(pen, actions)
    for eye in (-1, 1):
        _eye(pen, actions, eye)
        _brow(pen, actions, eye)
    _nose(pen, actions)
    _mouth(pen, actions, side)
    _hair_before(pen)
    _glasses(pen)
    _cover(pen)
    small = pen.image.resize((size, size), Image.Resampling.BOX)
    if view.blur > 0.004:
        small = small.filter(ImageFilter.GaussianBlur(view.blur * size / 2))
    return _camera(np.asarray(small, dtype=np.float64), view, size, noise_seed)


class _Pen:
    """A canvas that takes face coordinates and knows how the head is turned."""

    def __init__(self, person: Person, view: View, canvas: int) -> None:
        self.person, self.view, self.canvas = person, view, canvas
        self.image = Image.new("RGB", (canvas, canvas), _rgb(view.background))
        self.draw = ImageDraw.Draw(self.image)

    def place(self, points: Points) -> list[tuple[float, float]]:
        """Face coordinates (N, 2) to canvas coordinates, turned, scaled and shifted."""
        person, view = self.person, self.view
        x, y = points[:, 0], points[:, 1]
        rim = (x / person.width) ** 2 + (y / person.height) ** 2
        depth = DEPTH * np.sqrt(np.clip(1 - rim, 0, 1))
        x = x * np.cos(view.yaw) + depth * np.sin(view.yaw)
        y = y * np.cos(view.pitch) + depth * np.sin(view.pitch)
        cos, sin = np.cos(view.roll), np.sin(view.roll)
        x, y = (x * cos - y * sin) * view.scale + view.shift[0], (x * sin + y * cos) * view.scale + view.shift[1]
        half = self.canvas / 2
        return list(zip((half * (1 + x)).tolist(), (half * (1 + y)).tolist(), strict=True))

    def fill(self, points: Points, colour: Colour) -> None:
        self.draw.polygon(self.place(points), fill=_rgb(colour))

    def line(self, points: Points, colour: Colour, width: float) -> None:
        """A stroke with round ends; width in half pictures."""
        placed = self.place(points)
        thick = max(1, round(width * self.view.scale * self.canvas / 2))
        self.draw.line(placed, fill=_rgb(colour), width=thick, joint="curve")

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        self.fill(_ellipse(x, y, radius, radius), colour)


def _head(pen: _Pen) -> None:
    person = pen.person
    shirt = np.array([[-0.95, 1.6], [-0.8, 1.02], [-0.25, 0.86], [0.25, 0.86], [0.8, 1.02], [0.95, 1.6]])
    pen.fill(shirt, person.shirt)
    neck = np.array([[-0.27, 0.5], [0.27, 0.5], [0.3, 1.0], [-0.3, 1.0]])
    pen.fill(neck, mix(person.skin, INK, 0.22))
    for eye in (-1, 1):
        pen.fill(_ellipse(eye * person.width * 0.99, 0.02, 0.07, 0.14), mix(person.skin, INK, 0.12))
    pen.fill(_outline(person), person.skin)
    if person.beard in ("full", "stubble"):
        shade = mix(person.skin, person.hair, 0.8 if person.beard == "full" else 0.25)
        angle = np.linspace(0.12 * np.pi, 0.88 * np.pi, 24)
        outer = np.column_stack([person.width * 0.97 * np.cos(angle), person.height * 0.97 * np.sin(angle)])
        inner = np.column_stack([0.36 * np.cos(angle[::-1]), 0.30 + 0.32 * np.sin(angle[::-1])])
        pen.fill(np.vstack([outer, inner]), shade)


def _outline(person: Person) -> Points:
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    x, y = np.cos(angle), np.sin(angle)
    x = np.where(y > 0, x * (1 - person.jaw * y**3), x)  # the jaw narrows towards the chin
    return np.column_stack([person.width * x, person.height * y])


def _lines(pen: _Pen, actions: Mapping[str, float]) -> None:
    """Furrows that action units make: between the brows, on the forehead, beside nose and eyes, on the chin."""
    dark = mix(pen.person.skin, INK, 0.42)
    age = 0.25 * pen.person.lines
    for amount, points, width in (
        (actions["AU4"], [[-0.055, -0.34], [-0.04, -0.2]], 0.022),
        (actions["AU4"], [[0.055, -0.34], [0.04, -0.2]], 0.022),
        (0.8 * actions["AU1"] + age, [[-0.25, -0.53], [0.0, -0.56], [0.25, -0.53]], 0.016),
        (0.8 * actions["AU2"] + age, [[-0.33, -0.44], [-0.2, -0.48]], 0.014),
        (0.8 * actions["AU2"] + age, [[0.33, -0.44], [0.2, -0.48]], 0.014),
        (actions["AU9"], [[-0.07, -0.1], [0.0, -0.13], [0.07, -0.1]], 0.022),
        (actions["AU9"], [[-0.07, -0.03], [0.0, -0.06], [0.07, -0.03]], 0.022),
        (actions["AU17"], [[-0.1, 0.68], [0.0, 0.65], [0.1, 0.68]], 0.022),
    ):
        if amount > 0.12:
            pen.line(np.array(points), mix(pen.person.skin, dark, min(1.0, amount)), width)
    fold = max(actions["AU12"], actions["AU10"], 0.9 * actions["AU9"], age, 0.7 * actions["AU6"])
    for eye in (-1, 1):
        if fold > 0.12:
            deep = np.array([[0.14, 0.13], [0.24, 0.24], [0.29 + 0.03 * actions["AU12"], 0.40]]) * [eye, 1]
            pen.line(deep, mix(pen.person.skin, dark, min(1.0, fold)), 0.018)
        if actions["AU6"] > 0.15:
            crow = mix(pen.person.skin, dark, actions["AU6"])
            for y in (-0.13, -0.07):
                pen.line(np.array([[0.41, y + 0.02], [0.49, y - 0.03 + (y > -0.1) * 0.06]]) * [eye, 1], crow, 0.012)
            cheek = mix(pen.person.skin, (205, 105, 95), 0.22 * actions["AU6"])
            pen.fill(_ellipse(eye * 0.33, 0.15, 0.11, 0.07), cheek)


def _eye(pen: _Pen, actions: Mapping[str, float], eye: int) -> None:
    person = pen.person
    x, width = eye * person.eye_gap, 0.135 * person.eye_size
    wide = actions["AU5"] - 0.6 * actions["AU7"] - 0.35 * actions["AU9"] - 0.3 * actions["AU6"]
    upper = 0.068 * person.eye_size * float(np.clip(1 + 0.75 * wide - 0.25 * actions["AU4"], 0.25, 1.9))
    squeeze = 0.55 * actions["AU7"] + 0.75 * actions["AU6"] + 0.5 * actions["AU9"]
    lower = 0.05 * person.eye_size * float(np.clip(1 - squeeze + 0.25 * actions["AU5"], 0.1, 1.3))
    along = np.linspace(-1, 1, 13)
    arch = 1 - along**2
    slant = -person.eye_slant * along * eye * 2
    top = np.column_stack([x + width * along, EYES_Y - upper * arch + slant])
    bottom = np.column_stack([x + width * along, EYES_Y + lower * arch + slant])
    socket = mix(person.skin, INK, 0.16)
    pen.fill(np.vstack([top - np.array([0, 0.035]), (bottom + np.array([0, 0.02]))[::-1]]), socket)
    pen.fill(np.vstack([top, bottom[::-1]]), WHITE)
    radius = 0.062 * person.eye_size
    ring = _ellipse(x, EYES_Y, radius, radius)
    ring[:, 1] = np.clip(ring[:, 1], EYES_Y - upper * 0.98, EYES_Y + lower * 0.98)
    pen.fill(ring, person.iris)
    pupil = _ellipse(x, EYES_Y, radius * 0.5, radius * 0.5)
    pupil[:, 1] = np.clip(pupil[:, 1], EYES_Y - upper * 0.95, EYES_Y + lower * 0.95)
    pen.fill(pupil, INK)
    pen.line(top, INK, 0.024)
    pen.line(bottom, mix(person.skin, INK, 0.5), 0.012)
    if actions["AU7"] + actions["AU6"] > 0.3:
        bag = np.column_stack([x + width * 0.9 * along, EYES_Y + 0.055 + 0.03 * arch])
        pen.line(bag, mix(person.skin, INK, 0.3), 0.014)


def _brow(pen: _Pen, actions: Mapping[str, float], eye: int) -> None:
    person = pen.person
    along = np.linspace(0, 1, 9)  # from the inner to the outer end
    lift = 0.115 * actions["AU1"] * (1 - along) ** 1.5 + 0.12 * actions["AU2"] * along**0.8 * (1.15 - 0.4 * along)
    drop = actions["AU4"] * (0.125 - 0.085 * along) + 0.05 * actions["AU9"] * (1 - along)
    if actions["AU1"] > 0.3:  # with the inner brow raiser, the lowerer pulls together more than down
        drop = drop * (1 - 0.75 * min(1.0, actions["AU1"]))
    inner = 0.115 - 0.045 * actions["AU4"]
    x = eye * (inner + (0.42 - inner) * along) * (person.eye_gap / 0.27)
    curve = 0.05 * np.sin(np.pi * along**0.9)
    y = BROWS_Y + person.brow_height - curve - lift + drop + person.brow_tilt * (along - 0.5)
    thick = 0.030 * person.brow_thickness * (1.15 - 0.75 * along)
    ends = np.vstack([np.column_stack([x, y - thick]), np.column_stack([x, y + thick])[::-1]])
    pen.fill(ends, person.brow_colour)


def _nose(pen: _Pen, actions: Mapping[str, float]) -> None:
    person = pen.person
    dark = mix(person.skin, INK, 0.3)
    width, tip = 0.085 * person.nose_width, NOSE_Y * person.nose_length - 0.045 * actions["AU9"]
    width *= 1 + 0.25 * actions["AU9"] + 0.12 * actions["AU10"]
    pen.line(np.array([[0.035, -0.12], [0.06, tip - 0.06]]), mix(person.skin, INK, 0.14), 0.022)
    bulb = np.array(
        [[-width, tip], [-width * 0.7, tip + 0.035], [0, tip + 0.05], [width * 0.7, tip + 0.035], [width, tip]]
    )
    pen.line(bulb, dark, 0.02)
    for eye in (-1, 1):
        pen.fill(_ellipse(eye * width * 0.5, tip + 0.022, 0.022, 0.014), mix(person.skin, INK, 0.6))
        if actions["AU9"] + actions["AU10"] > 0.3:
            wing = np.array([[width * 1.05, tip + 0.02], [width * 1.25, tip - 0.04], [width * 0.95, tip - 0.08]])
            pen.line(wing * [eye, 1], dark, 0.018)


def _mouth(pen: _Pen, actions: Mapping[str, float], side: int) -> None:
    """Two lips between corners; what opens shows teeth above a dark inside."""
    person = pen.person
    jaw = max(0.62 * actions["AU26"], actions["AU27"])
    tight = max(actions["AU23"], actions["AU24"])
    half = 0.205 * person.mouth_width
    half *= 1 + 0.33 * actions["AU12"] + 0.34 * actions["AU20"] - 0.24 * jaw - 0.2 * tight - 0.08 * actions["AU17"]
    middle = MOUTH_Y + person.mouth_height + 0.06 * jaw - 0.035 * actions["AU17"] - 0.02 * actions["AU10"]
    corner = person.mouth_curve - 0.115 * actions["AU12"] + 0.105 * actions["AU15"] + 0.03 * actions["AU20"]
    lifts = {eye: corner - (eye == side) * (0.09 * actions["R12"] + 0.035 * actions["R14"]) for eye in (-1, 1)}
    along = np.linspace(-1, 1, 17)
    share = (along + 1) / 2
    base = middle + (lifts[-1] * (1 - share) + lifts[1] * share) * np.abs(along) ** 1.6
    arch = 1 - along**2
    part = actions["AU25"] * (0.035 + 0.02 * actions["AU12"]) + 0.17 * jaw
    up = 0.3 * part + 0.055 * actions["AU10"] * (1 if actions["AU25"] > 0.3 else 0.4) - 0.02 * actions["AU17"]
    down = 0.9 * part + 0.05 * actions["AU16"]
    if actions["AU25"] + jaw < 0.15:
        up = down = 0.0
    square = np.abs(arch) ** (0.45 if actions["AU20"] > 0.3 or actions["AU16"] > 0.3 else 0.75)
    inner_up, inner_down = base - max(up, 0.0) * square, base + down * square
    lips = person.lips * (1 - 0.72 * tight) * (1 - 0.25 * actions["AU12"])
    bow = 1 - 0.25 * np.exp(-((along / 0.16) ** 2))
    raised = 0.5 * actions["AU10"] if up == 0 else 0.0
    outer_up = inner_up - (0.042 * lips + 0.05 * raised) * arch**0.8 * bow - 0.006
    outer_down = inner_down + (0.058 * lips + 0.02 * actions["AU17"]) * arch**0.8 + 0.006
    x = half * along
    if person.beard in ("full", "moustache"):
        hair = np.vstack(
            [np.column_stack([x * 0.95, outer_up - 0.075 * arch]), np.column_stack([x, outer_up + 0.01])[::-1]]
        )
        pen.fill(hair, mix(person.skin, person.hair, 0.85))
    pen.fill(np.vstack([np.column_stack([x, outer_up]), np.column_stack([x, outer_down])[::-1]]), person.lip_colour)
    if up + down > 0.02:
        pen.fill(np.vstack([np.column_stack([x, inner_up]), np.column_stack([x, inner_down])[::-1]]), INSIDE)
        gap = inner_down - inner_up
        teeth = np.minimum(gap * 0.75, 0.055) if actions["AU27"] < 0.6 else np.minimum(gap * 0.3, 0.03)
        pen.fill(np.vstack([np.column_stack([x, inner_up]), np.column_stack([x, inner_up + teeth])[::-1]]), TEETH)
    else:
        pen.line(np.column_stack([x, base]), mix(person.lip_colour, INK, 0.65), 0.02 + 0.012 * tight)
    for eye in (-1, 1):
        dimple = max(actions["AU14"], actions["R14"] * (eye == side), 0.5 * actions["AU12"])
        if dimple > 0.2:
            end = np.array([[half + 0.03, -0.03], [half + 0.055, 0.0], [half + 0.04, 0.035]]) * [eye, 1]
            pen.line(end + np.array([0, middle + lifts[eye]]), mix(person.skin, INK, 0.45 * dimple), 0.022)


def _hair_behind(pen: _Pen) -> None:
    person = pen.person
    if person.style in ("long", "scarf"):
        low = 0.75 if person.style == "long" else 0.95
        colour = person.hair if person.style == "long" else person.shirt
        wide = person.width + 0.13
        pen.fill(np.vstack([_ellipse(0, -0.12, wide, person.height)[24:], [[wide, low], [-wide, low]]]), colour)
    elif person.style == "curly":
        for angle in np.linspace(np.pi * 0.98, np.pi * 2.02, 13):
            pen.disc(person.width * 1.02 * np.cos(angle), person.height * 0.95 * np.sin(angle), 0.17, person.hair)
    elif person.style == "bun":
        pen.disc(0.0, -person.height - 0.08, 0.2, person.hair)


def _hair_before(pen: _Pen) -> None:
    """The hair line: how far down the forehead goes, by style."""
    person = pen.person
    if person.style == "bald":
        return
    low = {"cropped": -0.62, "fringe": -0.42, "scarf": -0.6, "curly": -0.56}.get(person.style, -0.58)
    colour = person.shirt if person.style == "scarf" else person.hair
    angle = np.linspace(np.pi * 1.04, np.pi * 1.96, 25)
    thick = 1.0 if person.style == "cropped" else 1.06
    outer = np.column_stack([person.width * thick * np.cos(angle), person.height * thick * np.sin(angle)])
    along = np.linspace(1, -1, 15)
    edge = low + 0.12 * along**2 * (person.style != "fringe") + (0.14 * along if person.style == "parted" else 0)
    inner = np.column_stack([person.width * 0.93 * along, edge + 0.25 * np.abs(along) ** 6])
    pen.fill(np.vstack([outer, inner]), colour)


def _glasses(pen: _Pen) -> None:
    person = pen.person
    if person.glasses == "none":
        return
    for eye in (-1, 1):
        ring = _ellipse(eye * person.eye_gap, EYES_Y + 0.01, 0.19, 0.15)
        if person.glasses == "square":
            corners = np.array([[-0.19, -0.12], [0.19, -0.12], [0.17, 0.13], [-0.17, 0.13]])
            ring = corners + np.array([eye * person.eye_gap, EYES_Y])
        pen.line(np.vstack([ring, ring[:2]]), (40, 36, 40), 0.022)
        pen.line(np.array([[eye * (person.eye_gap + 0.19), EYES_Y], [eye * person.width, EYES_Y - 0.03]]), INK, 0.02)
    pen.line(np.array([[-person.eye_gap + 0.19, EYES_Y], [person.eye_gap - 0.19, EYES_Y]]), (40, 36, 40), 0.02)


def _cover(pen: _Pen) -> None:
    view = pen.view
    if view.cover == "eyes":
        for eye in (-1, 1):
            pen.fill(_ellipse(eye * 0.27, EYES_Y, 0.21, 0.16), INK)
        pen.line(np.array([[-0.6, EYES_Y - 0.05], [0.6, EYES_Y - 0.05]]), INK, 0.04)
    elif view.cover == "mouth":
        pen.fill(_ellipse(0.12 * view.cover_place, 0.55, 0.42, 0.26), view.cover_colour)
    elif view.cover == "side":
        x = 0.62 * (1 if view.cover_place > 0 else -1)
        pen.fill(np.array([[x - 0.32, -1.4], [x + 0.32, -1.4], [x + 0.32, 1.4], [x - 0.32, 1.4]]), view.cover_colour)


def _camera(picture: NDArray[np.float64], view: View, size: int, noise_seed: Sequence[int]) -> NDArray[np.uint8]:
    """Light from a side, brightness, contrast, tint, and noise."""
    place = (np.arange(size) + 0.5) / size * 2 - 1
    light = 1 + 0.5 * (view.light[0] * place[None, :] + view.light[1] * place[:, None])
    picture = (picture - 128) * view.contrast + 128
    picture = picture * (light * view.brightness)[:, :, None] * np.array(view.tint)
    if view.noise:
        picture += np.random.default_rng(noise_seed).normal(0.0, view.noise, (size, size, 1))
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _ellipse(x: float, y: float, rx: float, ry: float) -> Points:
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return np.column_stack([x + rx * np.cos(angle), y + ry * np.sin(angle)])


def _rgb(colour: Colour) -> tuple[int, int, int]:
    return round(colour[0]), round(colour[1]), round(colour[2])
