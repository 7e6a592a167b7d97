"""The parts of a face as pen strokes: what action units move, and what hair, glasses and covers hide."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fer_exp.datasets.synthetic.pen import Pen, band, ellipse
from fer_exp.datasets.synthetic.people import Colour, mix

EYES_Y, BROWS_Y, NOSE_Y, MOUTH_Y = -0.10, -0.30, 0.18, 0.45
INK: Colour = (24.0, 16.0, 16.0)
TEETH: Colour = (238.0, 234.0, 222.0)
INSIDE: Colour = (70.0, 18.0, 24.0)
WHITE: Colour = (240.0, 238.0, 232.0)


def draw_head(pen: Pen) -> None:
    """Shirt, neck, ears, outline and beard."""
    person = pen.person
    pen.fill([[-0.95, 1.6], [-0.8, 1.02], [-0.25, 0.86], [0.25, 0.86], [0.8, 1.02], [0.95, 1.6]], person.shirt)
    pen.fill([[-0.27, 0.5], [0.27, 0.5], [0.3, 1.0], [-0.3, 1.0]], mix(person.skin, INK, 0.22))  # neck
    for eye in (-1, 1):
        pen.fill(ellipse(eye * person.width * 0.99, 0.02, 0.07, 0.14), mix(person.skin, INK, 0.12))
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    x, y = np.cos(angle), np.sin(angle)
    x = np.where(y > 0, x * (1 - person.jaw * y**3), x)  # the jaw narrows towards the chin
    outline = np.column_stack([person.width * x, person.height * y])
    pen.fill(outline, person.skin)
    pen.mark(outline[0:25:3])  # the lower half: from ear to ear along the jaw
    if person.beard in ("full", "stubble"):
        shade = mix(person.skin, person.hair, 0.8 if person.beard == "full" else 0.25)
        angle = np.linspace(0.12 * np.pi, 0.88 * np.pi, 24)
        outer = np.column_stack([person.width * 0.97 * np.cos(angle), person.height * 0.97 * np.sin(angle)])
        inner = np.column_stack([0.36 * np.cos(angle[::-1]), 0.30 + 0.32 * np.sin(angle[::-1])])
        pen.fill(np.vstack([outer, inner]), shade)


def draw_lines(pen: Pen, actions: Mapping[str, float]) -> None:
    """Furrows that action units make: between the brows, on the forehead, beside nose and eyes, on the chin."""
    dark = mix(pen.person.skin, INK, 0.42)
    age = 0.25 * pen.person.lines
    for amount, points, width in (
        *((actions["AU4"], [[eye * 0.055, -0.34], [eye * 0.04, -0.2]], 0.022) for eye in (-1, 1)),
        (0.8 * actions["AU1"] + age, [[-0.25, -0.53], [0.0, -0.56], [0.25, -0.53]], 0.016),
        *((0.8 * actions["AU2"] + age, [[eye * 0.33, -0.44], [eye * 0.2, -0.48]], 0.014) for eye in (-1, 1)),
        (actions["AU9"], [[-0.07, -0.1], [0.0, -0.13], [0.07, -0.1]], 0.022),
        (actions["AU9"], [[-0.07, -0.03], [0.0, -0.06], [0.07, -0.03]], 0.022),
        (actions["AU17"], [[-0.1, 0.68], [0.0, 0.65], [0.1, 0.68]], 0.022),
    ):
        if amount > 0.12:
            pen.line(points, mix(pen.person.skin, dark, min(1.0, amount)), width)
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
            pen.fill(ellipse(eye * 0.33, 0.15, 0.11, 0.07), cheek)


def draw_eye(pen: Pen, actions: Mapping[str, float], eye: int) -> None:
    """The eye on the left (-1) or right (1) of the picture: how far open, lids, iris."""
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
    pen.fill(np.vstack([np.subtract(top, [0, 0.035]), np.add(bottom, [0, 0.02])[::-1]]), mix(person.skin, INK, 0.16))
    pen.fill(np.vstack([top, bottom[::-1]]), WHITE)
    for radius, open_share, colour in ((0.062, 0.98, person.iris), (0.062 * 0.5, 0.95, INK)):
        ring = ellipse(x, EYES_Y, radius * person.eye_size, radius * person.eye_size)
        ring[:, 1] = np.clip(ring[:, 1], EYES_Y - upper * open_share, EYES_Y + lower * open_share)
        pen.fill(ring, colour)
    pen.line(top, INK, 0.024)
    pen.line(bottom, mix(person.skin, INK, 0.5), 0.012)
    pen.mark([*top[::3], *bottom[3:-1:3]])
    if actions["AU7"] + actions["AU6"] > 0.3:
        bag = np.column_stack([x + width * 0.9 * along, EYES_Y + 0.055 + 0.03 * arch])
        pen.line(bag, mix(person.skin, INK, 0.3), 0.014)


def draw_brow(pen: Pen, actions: Mapping[str, float], eye: int) -> None:
    """The brow above the left (-1) or right (1) eye: raised, lowered, drawn together."""
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
    pen.fill(band(x, y - thick, y + thick), person.brow_colour)
    pen.mark(np.column_stack([x, y])[::2])


def draw_nose(pen: Pen, actions: Mapping[str, float]) -> None:
    """Bridge, tip and nostrils; wrinkling shortens and widens them."""
    person = pen.person
    dark = mix(person.skin, INK, 0.3)
    width, tip = 0.085 * person.nose_width, NOSE_Y * person.nose_length - 0.045 * actions["AU9"]
    width *= 1 + 0.25 * actions["AU9"] + 0.12 * actions["AU10"]
    pen.line([[0.035, -0.12], [0.06, tip - 0.06]], mix(person.skin, INK, 0.14), 0.022)
    side = width * 0.7
    pen.line([[-width, tip], [-side, tip + 0.035], [0, tip + 0.05], [side, tip + 0.035], [width, tip]], dark, 0.02)
    pen.mark([[0, -0.12], [-width, tip], [0, tip + 0.05], [width, tip]])
    for eye in (-1, 1):
        pen.fill(ellipse(eye * width * 0.5, tip + 0.022, 0.022, 0.014), mix(person.skin, INK, 0.6))
        if actions["AU9"] + actions["AU10"] > 0.3:
            wing = np.array([[width * 1.05, tip + 0.02], [width * 1.25, tip - 0.04], [width * 0.95, tip - 0.08]])
            pen.line(wing * [eye, 1], dark, 0.018)


def draw_mouth(pen: Pen, actions: Mapping[str, float], side: int) -> None:
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
    gap = actions["AU25"] * (0.035 + 0.02 * actions["AU12"]) + 0.17 * jaw
    up = 0.3 * gap + 0.055 * actions["AU10"] * (1 if actions["AU25"] > 0.3 else 0.4) - 0.02 * actions["AU17"]
    down = 0.9 * gap + 0.05 * actions["AU16"]
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
        moustache = np.vstack([np.c_[x * 0.95, outer_up - 0.075 * arch], np.c_[x, outer_up + 0.01][::-1]])
        pen.fill(moustache, mix(person.skin, person.hair, 0.85))
    pen.fill(band(x, outer_up, outer_down), person.lip_colour)
    pen.mark(np.vstack([np.c_[x, outer_up][::4], np.c_[x, outer_down][4:-1:4]]))
    pen.mark([[0, inner_up[8]], [0, inner_down[8]]])
    if up + down > 0.02:
        pen.fill(band(x, inner_up, inner_down), INSIDE)
        height, most = (0.75, 0.055) if actions["AU27"] < 0.6 else (0.3, 0.03)
        pen.fill(band(x, inner_up, inner_up + np.minimum((inner_down - inner_up) * height, most)), TEETH)
    else:
        pen.line(np.column_stack([x, base]), mix(person.lip_colour, INK, 0.65), 0.02 + 0.012 * tight)
    for eye in (-1, 1):
        dimple = max(actions["AU14"], actions["R14"] * (eye == side), 0.5 * actions["AU12"])
        if dimple > 0.2:
            end = np.array([[half + 0.03, -0.03], [half + 0.055, 0.0], [half + 0.04, 0.035]]) * [eye, 1]
            pen.line(np.add(end, [0, middle + lifts[eye]]), mix(person.skin, INK, 0.45 * dimple), 0.022)


def draw_hair_behind(pen: Pen) -> None:
    """What of long hair, curls, a bun or a scarf lies behind the head."""
    person = pen.person
    if person.style in ("long", "scarf"):
        low = 0.75 if person.style == "long" else 0.95
        colour = person.hair if person.style == "long" else person.shirt
        wide = person.width + 0.13
        pen.fill(np.vstack([ellipse(0, -0.12, wide, person.height)[24:], [[wide, low], [-wide, low]]]), colour)
    elif person.style == "curly":
        for angle in np.linspace(np.pi * 0.98, np.pi * 2.02, 13):
            pen.disc(person.width * 1.02 * np.cos(angle), person.height * 0.95 * np.sin(angle), 0.17, person.hair)
    elif person.style == "bun":
        pen.disc(0.0, -person.height - 0.08, 0.2, person.hair)


def draw_hair_before(pen: Pen) -> None:
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


def draw_glasses(pen: Pen) -> None:
    """Round or square glasses, if the person wears any."""
    person = pen.person
    if person.glasses == "none":
        return
    for eye in (-1, 1):
        ring = ellipse(eye * person.eye_gap, EYES_Y + 0.01, 0.19, 0.15)
        if person.glasses == "square":
            corners = [[-0.19, -0.12], [0.19, -0.12], [0.17, 0.13], [-0.17, 0.13]]
            ring = np.add(corners, [eye * person.eye_gap, EYES_Y])
        pen.line(np.vstack([ring, ring[:2]]), (40, 36, 40), 0.022)
        pen.line([[eye * (person.eye_gap + 0.19), EYES_Y], [eye * person.width, EYES_Y - 0.03]], INK, 0.02)
    pen.line([[-person.eye_gap + 0.19, EYES_Y], [person.eye_gap - 0.19, EYES_Y]], (40, 36, 40), 0.02)


def draw_cover(pen: Pen) -> None:
    """What hides a part of the face in this view, one of ``people.COVERS``."""
    view = pen.view
    if view.cover == "eyes":
        for eye in (-1, 1):
            pen.fill(ellipse(eye * 0.27, EYES_Y, 0.21, 0.16), INK)
        pen.line([[-0.6, EYES_Y - 0.05], [0.6, EYES_Y - 0.05]], INK, 0.04)
    elif view.cover == "mouth":
        pen.fill(ellipse(0.12 * view.cover_place, 0.55, 0.42, 0.26), view.cover_colour)
    elif view.cover == "side":
        x = 0.62 * (1 if view.cover_place > 0 else -1)
        pen.fill([[x - 0.32, -1.4], [x + 0.32, -1.4], [x + 0.32, 1.4], [x - 0.32, 1.4]], view.cover_colour)
