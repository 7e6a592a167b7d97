"""The page in a browser, over HTTP, on a bad day: reloaded, opened twice, offline, back, a server without room."""

import json
from contextlib import contextmanager

import pytest

from tests.collecting.conftest import PHONE
from tests.collecting.served import served
from tests.collecting.somebody import NOW, take_part

ANSWERS = "SELECT trial, label, valence FROM answers JOIN trials USING (trial) WHERE person = ? ORDER BY place"
SENT = """() => {
  const unsent = Object.keys(localStorage).find((key) => key.endsWith(" unsent"));
  return localStorage.getItem(unsent) === "[]";
}"""


@contextmanager
def visited(folder, **keys):
    """A server of six pictures; gives its address and the sessions."""
    with served(folder, 6, 40, per_face=1000, **keys) as (port, sessions):
        yield f"http://127.0.0.1:{port}/", sessions


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    keys = {
        "title": "'<i>Faces</i> & \"more\"'",
        "contact": '"O\'Brien <o@example.org>"',
        "break_every": 0,
        "demographics": "[age]",
    }
    with visited(
        tmp_path_factory.mktemp("study"), per_person=4, affect="manikins", languages="[en, de]", **keys
    ) as both:
        yield both


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A study that asks for the class alone."""
    with visited(tmp_path_factory.mktemp("plain"), per_person=6, break_every=0) as both:
        yield both


def answers(sessions, person):
    def read(connection):
        row = connection.execute("SELECT person FROM persons WHERE worker = ?", (person,)).fetchone()
        return [tuple(each) for each in connection.execute(ANSWERS, (row[0],))]

    return sessions.ledger.do(read).result(5)


def answered(page, number):
    """Answers faces by keyboard, a study of the class alone."""
    for _ in range(number):
        page.wait_for_selector(".trial[data-question] img")
        now = page.evaluate(NOW)
        page.keyboard.press("1")
        page.wait_for_function(f"before => ({NOW})() !== before", arg=now)


def begun_with(visit, address, person, number=2, device=None):
    page = visit(f"{address}?participant={person}", **({"device": device} if device else {}))
    take_part(page, until="label")
    answered(page, number)
    page.wait_for_function(SENT)
    return page


def test_no_third_party_no_violation_of_the_policy_and_no_serious_accessibility_fault(visit, study):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    address, sessions = study
    page = visit("about:blank")
    asked, errors, faults = [], [], {}
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{address}?participant=a11y")
    for name in ("consent", "label", "valence", "arousal", "about", "end"):
        take_part(page, until=name)
        found = axe.run(page).response["violations"]
        faults |= {(name, each["id"]): each["help"] for each in found if each["impact"] in ("serious", "critical")}
    assert faults == {}
    assert errors == []
    assert {url.split("/")[2] for url in asked} == {address.split("/")[2]}
    assert page.text_content("title") == '<i>Faces</i> & "more"'
    assert "O'Brien <o@example.org>" in page.text_content(".contact")
    assert page.query_selector("#stage i") is None
    assert len(answers(sessions, "a11y")) == 4


def test_another_language_is_chosen_on_the_first_page(visit, study):
    page = visit(f"{study[0]}?participant=german")
    page.select_option(".languages select", "de")
    page.wait_for_selector("html[lang=de]")
    page.wait_for_selector("[data-screen=consent] >> text=Ich willige ein")
    take_part(page, until="label")
    assert page.text_content("#ask") == "Was drückt dieses Gesicht aus?"


def test_on_a_telephone_nothing_is_small_or_out_of_sight(visit, study):
    page = visit(f"{study[0]}?participant=phone", PHONE)
    small = """() => [...document.querySelectorAll("button:not([hidden])")].map((each) => {
      const at = each.getBoundingClientRect();
      return [each.textContent, at.width, at.height, at.bottom <= innerHeight && at.right <= innerWidth && at.top >= 0];
    }).filter(([, width, height, seen]) => width < 44 || height < 44 || !seen)"""
    for name in ("label", "valence", "arousal"):
        take_part(page, touch=True, until=name)
        for width, height in ((360, 640), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(small) == []
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_a_reload_and_the_back_button_lose_and_double_nothing(visit, plain):
    address, sessions = plain
    page = begun_with(visit, address, "reload", number=1)
    before = page.get_attribute(".trial", "data-trial")
    page.reload()
    page.wait_for_selector(".trial[data-question] img")
    assert page.get_attribute(".trial", "data-trial") == before
    answered(page, 1)
    before = page.get_attribute(".trial", "data-trial")
    page.evaluate("history.back()")
    page.wait_for_selector("#status >> text=The back button is off")
    assert page.get_attribute(".trial", "data-trial") == before
    assert take_part(page)[-1] == "end"
    assert len(answers(sessions, "reload")) == 6


def test_a_second_tab_says_so_and_takes_over_when_told(visit, plain):
    address, sessions = plain
    first = begun_with(visit, address, "tabs")
    second = first.context.new_page()
    second.goto(f"{address}?participant=tabs")
    assert take_part(second) == ["tab"]
    second.click("[data-name=here]")
    first.wait_for_selector("[data-screen=tab]")
    assert take_part(second)[-1] == "end"
    assert len(answers(sessions, "tabs")) == 6


def test_offline_answers_wait_on_the_device_and_are_sent_later(visit, plain):
    address, sessions = plain
    page = begun_with(visit, address, "offline")
    page.context.set_offline(True)
    answered(page, 2)
    page.wait_for_selector("#status.bad >> text=No connection")
    assert len(answers(sessions, "offline")) == 2
    page.context.set_offline(False)
    page.wait_for_selector("#status.good")
    assert len(answers(sessions, "offline")) == 4
    assert take_part(page)[-1] == "end"
    assert len(answers(sessions, "offline")) == 6


def test_a_full_disk_and_a_lost_reply_lose_and_double_nothing(visit, plain):
    address, sessions = plain
    page = begun_with(visit, address, "full")
    refusals = iter([507, "lost"])

    def faulty(route):
        match next(refusals, None):
            case 507:
                route.fulfill(status=507, body=json.dumps({"error": "no room"}), content_type="application/json")
            case "lost":
                route.fetch()
                route.abort()
            case _:
                route.continue_()

    page.route("**/api/answer", faulty)
    answered(page, 1)
    page.wait_for_selector("#status.bad >> text=cannot store answers")
    assert len(answers(sessions, "full")) == 2
    for _ in range(2):  # tried again at once, not after seconds
        page.evaluate("window.dispatchEvent(new Event('online'))")
        page.wait_for_timeout(200)
    page.wait_for_selector("#status.good")
    assert len(answers(sessions, "full")) == 3
    assert take_part(page)[-1] == "end"
    assert len(answers(sessions, "full")) == 6


def test_the_next_person_in_the_same_tab_begins_anew(visit, plain):
    page = visit(plain[0])
    assert take_part(page)[-1] == "end"
    code = page.text_content("#code")
    page.reload()
    page.wait_for_selector("#code")
    assert page.text_content("#code") == code
    page.click("[data-name=new]")
    page.wait_for_selector("[data-screen=consent]")


def test_answers_of_another_study_at_the_same_address_are_not_mixed_in(visit, plain):
    page = begun_with(visit, plain[0], "moved")
    kept = "Object.keys(localStorage).find((key) => key.endsWith('session'))"
    page.evaluate(f"localStorage.setItem({kept}, JSON.stringify({{token: 'of another', identity: 'moved', done: 2}}))")
    page.reload()
    page.wait_for_selector("[data-screen=consent]")
