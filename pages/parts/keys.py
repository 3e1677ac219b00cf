"""Keys for those who leave the mouse alone, and the page's place on the screen."""

from __future__ import annotations

import zlib

import streamlit as st

from pages.parts.pager import WITHIN
from pages.parts.place import Place

KEYS = {
    "/": "to the search box",
    "j": "next paper",
    "k": "paper before",
    "Enter": "open the paper",
    "m": "more like the paper",
    "l": "less like the paper",
    "s": "save the paper",
    "c": "cite the paper",
    "Esc": "from the search box to the first paper",
    "?": "this list",
}

_SCRIPT = """
const PAPERS = 'article[tabindex]';
const PRESSED = { Enter: 'open-', m: 'like-', l: 'unlike-', s: 'save', c: 'cite-' };
const box = () => document.querySelector('.st-key-query input');
const shown = () => [...document.querySelectorAll(PAPERS)];

function focusOn(article) {
  if (!article) return;
  article.focus({ preventScroll: true });
  article.scrollIntoView({ block: 'nearest', behavior: 'instant' });
}

function move(by) {
  const papers = shown();
  const at = papers.indexOf(document.activeElement?.closest(PAPERS));
  const next = at < 0 ? (by > 0 ? 0 : papers.length - 1) : at + by;
  focusOn(papers[Math.min(Math.max(next, 0), papers.length - 1)]);
}

function press(article, prefix) {
  const hit = article.closest('[class*="st-key-hit-"]');
  const own = [...(hit?.querySelectorAll('[class*="st-key-"]') ?? [])];
  const found = own.find((e) => [...e.classList].some((c) => c.startsWith('st-key-' + prefix)));
  (found?.matches('a,button') ? found : found?.querySelector('a,button'))?.click();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const to = event.target;
  const typing = to.closest?.('input, textarea, select, [contenteditable="true"]');
  if (typing) {
    if (event.key === 'Escape' && typing === box()) { typing.blur(); focusOn(shown()[0]); }
    return;
  }
  if (document.querySelector('[role="dialog"]')) return;
  const article = to.matches?.(PAPERS) ? to : null;
  if (event.key === '/') {
    const link = document.querySelector('.st-key-nav-search a');
    if (box()) { box().focus(); box().select(); } else link?.click();
  } else if (event.key === 'j') move(1);
  else if (event.key === 'k') move(-1);
  else if (event.key === '?') document.querySelector('.st-key-help button')?.click();
  else if (article && PRESSED[event.key]) press(article, PRESSED[event.key]);
  else return;
  event.preventDefault();
}

export default function () {
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}
"""

# A new address starts at the top; a longer list stays where it was. The first one has the box in
# focus, but not where that would bring up a keyboard on the screen.
_ARRIVAL = """
export default function ({ data }) {
  if (window.__place === data.place) return;
  const first = window.__place === undefined;
  window.__place = data.place;
  document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0);
  if (!first || !window.matchMedia('(pointer: fine)').matches) return;
  // The box may be drawn once more just now; nothing else that has the focus loses it.
  let tries = 20;
  const timer = setInterval(() => {
    const box = document.querySelector('.st-key-query input');
    const free = [document.body, box].includes(document.activeElement);
    if (free) box?.focus();
    tries -= 1;
    if (!free || !tries) clearInterval(timer);
  }, 100);
}
"""

_EMPTY = "<span hidden></span>"
_LISTENER = st.components.v2.component("keys", html=_EMPTY, js=_SCRIPT)
_PLACE = st.components.v2.component("place", html=_EMPTY, js=_ARRIVAL)


def listen() -> None:
    """Listen to the keys of a page. Comes before the page, so that no key is missed."""
    _LISTENER(key="keys", height=1)


def arrive(at: Place) -> None:
    """Bring the visitor to the top of a new place, and offer the list of keys. Comes last."""
    # Neither how many hits are shown, nor what is seen of a list within the page.
    own = [pair for pair in at.own if pair[0] not in WITHIN]
    place = repr((at.page, at.asked, own))
    _PLACE(key="place", data={"place": zlib.crc32(place.encode())}, height=1)
    with st.container(key="help", width="content"):
        if st.button("Keys", type="tertiary", icon=":material/keyboard:"):
            _help()


@st.dialog("Keys")
def _help() -> None:
    rows = "".join(f"<dt><kbd>{key}</kbd></dt><dd>{told}</dd>" for key, told in KEYS.items())
    st.html(f"<dl class='keys'>{rows}</dl>")
