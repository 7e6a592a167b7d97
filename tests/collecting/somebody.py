"""Somebody who takes part: reads what the page shows and answers, by keyboard or by touch, until the end."""

SHOWN = ".trial[data-question] img, .screen[data-screen]:not([data-screen=saving])"
NOW = """() => {
  const [screen, trial] = [document.querySelector("[data-screen]"), document.querySelector(".trial")];
  if (screen) return screen.dataset.screen + screen.querySelector("h1").textContent;
  return trial?.dataset.trial + trial?.dataset.question;
}"""
"""What is on the page, as a text that differs from all that comes later."""


def take_part(page, choose=None, *, touch=False, until=None, most=500):
    """Goes through a study to its end, or to a screen called `until`; gives screens and questions in their order.

    `choose(page)` names the class to answer; without it, or where it names none, the first button is taken.
    """
    met = []
    for _ in range(most):
        page.wait_for_selector(SHOWN)
        screen = page.query_selector("[data-screen]")
        name = screen.get_attribute("data-screen") if screen else page.get_attribute(".trial", "data-question")
        met.append(name)
        if name in ("end", "error", "tab", "resume", until):
            return met
        now = page.evaluate(NOW)
        if screen:
            press(screen.query_selector(".main"), touch)
        else:
            answer(page, name, choose, touch)
        page.wait_for_function(f"before => ({NOW})() !== before", arg=now)
    raise AssertionError(f"the study does not end: {met[-20:]}")


def answer(page, question, choose, touch):
    if question == "grid":
        page.click(".cell >> nth=20")  # third column, third row from above: 3 and 7
        press(page.query_selector(".affect .main"), touch)
        return
    wanted = choose(page) if choose and question == "label" else None
    place = f".choice[data-value='{wanted}']" if wanted else ".choice" if question == "label" else ".point >> nth=6"
    button = page.query_selector(place)
    if touch:
        button.tap()
    else:
        page.keyboard.press(
            button.query_selector("kbd").text_content() if question == "label" else button.get_attribute("data-value")
        )


def press(button, touch):
    if touch:
        button.tap()
    else:
        button.click()


def attentive(page):
    """What an attention check asks for, None at other faces; English."""
    asked = page.text_content("#ask")
    word = asked.split("“")[1].split("”")[0] if "“" in asked else None
    return word and word.lower()
