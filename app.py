"""The web page of the search. Start it with `streamlit run app.py`.

The address holds the state: ?q=WORDS, ?topic=ID or ?view=index, with &like=ID for "more like this",
&typed=1 for a query just as typed, and &n=NUMBER for a longer list. So reloading, going back and
passing on a link work by themselves, and nothing but the open index is kept between two drawings of
the page.

Titles, abstracts and names come from strangers. They reach the page through `_text` alone, as HTML
that shows them character for character; Streamlit's own elements would read them as markdown.
"""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import streamlit as st

from search import (
    AbstractsError,
    Answer,
    Hit,
    NoIndexError,
    Paper,
    Searcher,
    build,
    current_generation,
    data_folder,
    plain,
)

_SOURCE = "seeds"  # what the first index is made of
_PAGE = 10  # hits at first, and more with each "Show more"
_MOST = 200  # hits or skipped records on one page
_NAMES = 6  # authors before "et al."
_EXAMPLES = 3

_STYLE = """<style>
.stMainBlockContainer { max-width: 50rem; padding-top: 3.5rem; }
.stHtml { overflow-wrap: anywhere; }
.stHtml :is(h1, h2, h3) { padding: 0; margin: 0; line-height: 1.35; }
.stHtml h1 { font-size: 1.75rem; }
.stHtml h2 { font-size: 1.35rem; }
.stHtml h3 { font-size: 1.15rem; }
.stHtml :is(h1, h3) a { color: inherit; text-decoration: none; }
.stHtml h3 a:hover { text-decoration: underline; }
.stHtml p { margin: .3rem 0; }
.stHtml dl, .stHtml dt { margin: .3rem 0; padding: 0; }
.stHtml dd { margin-left: 1.5rem; font-size: .9rem; opacity: .8; }
.stHtml .aside { font-size: .9rem; opacity: .8; }
.stHtml mark { background: rgba(250, 204, 21, .28); color: inherit; font-weight: 600; }
.stHtml .match { font-size: .8rem; padding: .1rem .6rem; border-radius: 1rem; margin-right: .3rem; }
.stHtml .strong { background: rgba(34, 160, 90, .3); }
.stHtml .fair, .stHtml .note { background: rgba(220, 160, 20, .2); }
.stHtml .weak { background: rgba(128, 128, 128, .3); }
.stHtml .note { padding: .5rem 1rem; border-radius: .5rem; }
[class*="st-key-hit-"] { border-bottom: 1px solid rgba(128, 128, 128, .3); padding-bottom: 1rem; }
:is([class*="st-key-hit-"], .st-key-understood) button {
  border-radius: 1rem; min-height: 0; padding: .1rem .75rem;
}
.stHtml dt code { margin-right: .5rem; }
[data-testid="stSidebar"] hr { margin: 0; }
[data-testid="stSidebar"] button { text-align: left; min-height: 0; line-height: 1.35; }
</style>"""

_LANGUAGE = """<p>Plain words are enough. Among them you can write:</p><dl>
<dt><code>author:leo</code> <code>author:"leo gagnon"</code></dt><dd>an author of that name</dd>
<dt><code>title:attention</code></dt><dd>words of the title</dd>
<dt><code>venue:neurips</code> <code>category:LG</code></dt>
<dd>the venue or category; of several, one is enough</dd>
<dt><code>year:2021</code> <code>year:2019..2022</code> <code>year:2019..</code></dt>
<dd>the years</dd>
<dt><code>"exact words"</code></dt><dd>words side by side in title or abstract</dd>
<dt><code>-survey</code> <code>-"few shot"</code> <code>-author:leo</code></dt><dd>not so</dd></dl>
<p>A pasted abstract is plain text, whatever signs are in it.</p>"""

Address = Mapping[str, str]


def main() -> None:
    """Draw the page that the address asks for."""
    st.set_page_config(page_title="Abstract Search")
    st.html(_STYLE)
    _header()
    folder = data_folder()
    try:
        searcher = _open(str(folder), current_generation(folder))
        _sidebar(searcher)
        _search_box()
        _view(searcher)
    except NoIndexError:
        _first_build(folder)
    except AbstractsError as error:
        _note("This cannot be shown", str(error))


def _header() -> None:
    """The name of the page. A new address starts at the top, a longer list stays where it was."""
    place = {name: value for name, value in st.query_params.items() if name != "n"}
    once = zlib.crc32(repr(place).encode())  # an unchanged script does not run again
    st.html(
        '<h1><a href="?" target="_self">Abstract Search</a></h1>'
        "<script>document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0)"
        f" // {once}</script>",
        unsafe_allow_javascript=True,
    )


@st.cache_resource(max_entries=1, show_spinner="Opening the index …")
def _open(folder: str, generation: int) -> Searcher:
    """The live index, shared by all visitors until a rebuild raises `generation`."""
    return Searcher.open(folder)


def _first_build(folder: Path) -> None:
    """Make an index where there is none yet, and start over with it."""
    if not Path(_SOURCE).is_dir():
        advice = "Run `python -m index build SOURCE ...` and reload this page."
        _note("There is no index yet", f"There is no folder {_SOURCE}/ either. {advice}")
        st.stop()
    with st.status("Building the index for the first time …", expanded=True):
        bar = st.progress(0.0)

        def show(stage: str, done: int, total: int) -> None:
            count = f" {done} of {total}" if total else " …"
            bar.progress(done / total if total else 0.0, text=stage.capitalize() + count)

        build([_SOURCE], folder, progress=show)
    st.rerun()


def _sidebar(searcher: Searcher) -> None:
    """The ways in that need no words: the topics, and what there is."""
    with st.sidebar:
        st.html("<h2>Topics</h2>")
        with st.container(gap=None):
            for topic in searcher.topics():
                label = f"{topic.label} ({topic.size})"
                _button(label, f"topic-{topic.topic_id}", {"topic": topic.topic_id}, "tertiary")
        st.divider()
        _button("What is indexed", "about", {"view": "index"}, "tertiary")


def _search_box() -> None:
    """The line to type into; it shows the query of the address."""
    st.session_state["query"] = st.query_params.get("q", "")
    with st.form("search", border=False), st.container(horizontal=True):
        asked = "Describe what the papers should be about"
        st.text_input("Search", key="query", placeholder=asked, label_visibility="collapsed")
        st.form_submit_button("Search", type="primary", on_click=_submit)
    with st.expander("How to narrow a search"):
        st.html(_LANGUAGE)


def _submit() -> None:
    _go({"q": st.session_state["query"].strip()})


def _go(address: Address) -> None:
    """Change the address. As a callback it runs before the page is drawn again."""
    st.query_params.from_dict({name: value for name, value in address.items() if value})


def _button(
    label: str, key: str, to: Address, kind: Literal["secondary", "tertiary"] = "secondary"
) -> None:
    """A button that leads to an address. A label is markdown, so its signs are escaped."""
    safe = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", plain(label))
    st.button(safe, key=f"to-{key}", type=kind, on_click=_go, args=(to,))


def _origin() -> dict[str, str]:
    """The part of the address that "more like this" keeps, to lead back to."""
    return {k: st.query_params[k] for k in ("q", "topic") if k in st.query_params}


def _view(searcher: Searcher) -> None:
    address = st.query_params
    if address.get("like"):
        _show_like(searcher, address["like"])
    elif address.get("topic"):
        _show_topic(searcher, address["topic"])
    elif address.get("q", "").strip():
        _show_answer(searcher, address["q"])
    elif address.get("view") == "index":
        _show_index(searcher)
    else:
        _show_start(searcher)


def _show_start(searcher: Searcher) -> None:
    st.html(
        "<p>Finds papers by what their abstracts say, asked in your own words."
        f" {_count(len(searcher), 'paper')} can be searched.</p><p class='aside'>For example:</p>"
    )
    with st.container(horizontal=True):
        for topic in searcher.topics()[:_EXAMPLES]:
            _button(topic.label, f"try-{topic.topic_id}", {"q": topic.label})


def _show_answer(searcher: Searcher, query: str) -> None:
    """The hits of a query, after what was understood otherwise than typed."""
    answer = searcher.ask(query, k=_wanted(), as_typed="typed" in st.query_params)
    if answer.slips or answer.corrections:
        _show_understood(query, answer)
    if not answer.hits:
        _note("No paper meets all the conditions", "Leave one out, or widen the years.")
        return
    _show_hits(searcher, answer.hits, len(searcher))


def _show_understood(query: str, answer: Answer) -> None:
    fixes = "; ".join(
        f"<b>{_text(fix.meant)}</b> instead of {_text(fix.typed)}" for fix in answer.corrections
    )
    notes = [f"<p class='aside'>{_text(str(slip))}</p>" for slip in answer.slips]
    if fixes:
        notes.append(f"<p>Searched for {fixes}.</p>")
    with st.container(key="understood", gap="small"):
        st.html(f"<div role='status'>{''.join(notes)}</div>")
        if fixes:
            _button("Search for it as typed", "typed", {"q": query, "typed": "1"})


def _show_like(searcher: Searcher, paper_id: str) -> None:
    seed, hits = searcher.paper(paper_id), searcher.similar([paper_id], k=_wanted())
    origin = _origin()
    place = "topic" if "topic" in origin else "results" if "q" in origin else "start"
    _button(f"Back to the {place}", "back", origin, "tertiary")
    with st.container(border=True):
        st.html(_paper_html(seed))
    st.html("<h2>More like this</h2>")
    _show_hits(searcher, hits, len(searcher) - 1)


def _show_topic(searcher: Searcher, topic_id: str) -> None:
    topic, hits = searcher.topic(topic_id), searcher.on_topic(topic_id, k=_wanted())
    st.html(
        f"<h2>{_text(topic.label)}</h2>"
        f"<p class='aside'>{_count(topic.size, 'paper')}, the most typical first."
        f" Terms: {_text(', '.join(topic.terms))}</p>"
    )
    # How near a paper is to the middle of its topic says nothing about an answer to a query.
    _show_hits(searcher, hits, topic.size, judged=False)


def _show_index(searcher: Searcher) -> None:
    manifest, skipped = searcher.snapshot.manifest, searcher.snapshot.skipped()
    counts, model = manifest.counts, manifest.model
    files = [
        f"{_text(file['source'])}: {_count(file['mentions'], 'mention')}"
        f" ({_text(file['layout'] or 'not read')})"
        for file in searcher.snapshot.files()
    ]
    reasons = [
        f"{_text(f'{skip.source}:{skip.line}' if skip.line else skip.source)}: {_text(skip.why)}"
        for skip in skipped[:_MOST]
    ]
    if len(skipped) > _MOST:
        reasons.append(f"… and {len(skipped) - _MOST:,} more")
    st.html(
        f"<h2>What is indexed</h2><p>{_count(counts['papers'], 'paper')} on"
        f" {_count(counts['topics'], 'topic')}, from {_count(counts['mentions'], 'mention')} in"
        f" {_count(counts['files'], 'file')}. Generation {manifest.generation}, made on"
        f" {_text(manifest.created[:16].replace('T', ' at '))} UTC with the model"
        f" {_text(model.name)} of {model.dimension} dimensions.</p>"
        f"<h3>Sources</h3>{_list_html(files)}<h3>Skipped</h3>{_list_html(reasons)}"
    )


def _show_hits(
    searcher: Searcher, hits: Sequence[Hit], available: int, *, judged: bool = True
) -> None:
    """The hits, and a button for more while there are more."""
    if not hits:
        _note("Nothing to show", "The index holds no other paper.")
    elif judged and hits[0].strength == "weak":
        advice = (
            "What follows is the nearest there is, and probably about something else. Say it in"
            " other words, name the method or the phenomenon, or look through the topics."
        )
        _note("Nothing here fits well", advice)
    for hit in hits:
        paper_id, topic = hit.paper.paper_id, searcher.topic_of(hit.paper.paper_id)
        with st.container(key=f"hit-{hit.rank}", gap="small"):
            st.html(_paper_html(hit.paper, hit, judged=judged))
            with st.container(horizontal=True):
                _button("More like this", f"like-{paper_id}", {**_origin(), "like": paper_id})
                if judged:
                    _button(f"Topic: {topic.label}", f"of-{paper_id}", {"topic": topic.topic_id})
    if len(hits) == _wanted() < min(available, _MOST):
        longer = {**st.query_params.to_dict(), "n": str(len(hits) + _PAGE)}
        _button("Show more", "more", longer)


def _wanted() -> int:
    """How many hits the address asks for."""
    number = st.query_params.get("n", "")
    return min(max(int(number), _PAGE), _MOST) if re.fullmatch("[0-9]{1,6}", number) else _PAGE


def _text(value: str) -> str:
    """Foreign text as HTML that shows it character for character, in its own direction."""
    return f"<bdi>{html.escape(plain(value))}</bdi>"


def _paper_html(paper: Paper, hit: Hit | None = None, *, judged: bool = False) -> str:
    """A paper in full, with the match and the best sentence of a hit."""
    title, link = _text(paper.display_title), web_address(paper)
    if link:
        title = f'<a href="{html.escape(link)}" target="_blank" rel="noopener">{title}</a>'
    match = f"<span class='match {hit.strength}'>{hit.strength} match</span>" if hit else ""
    facts = [_authors(paper), str(paper.year or ""), paper.venue or ""]
    shown = " · ".join(_text(fact) for fact in facts if fact)
    also = ", ".join(map(_text, paper.other_titles))
    rows = [
        f"<h3>{title}</h3>",
        f"<p class='aside'>{match if judged else ''} {shown}</p>" if judged or shown else "",
        _abstract_html(paper, hit),
        f"<p class='aside'>Also known as: {also}</p>" if also else "",
    ]
    return f"<article>{''.join(rows)}</article>"


def _abstract_html(paper: Paper, hit: Hit | None) -> str:
    if paper.abstract is None:
        return "<p class='aside'>No abstract known</p>"
    start, end = (hit and hit.span) or (0, 0)
    parts = paper.abstract[:start], paper.abstract[start:end], paper.abstract[end:]
    before, best, after = (html.escape(plain(part)) for part in parts)
    cut = " <span class='aside'>(cut off in the source)</span>" if paper.abstract_truncated else ""
    return f"<p><bdi>{before}{best and f'<mark>{best}</mark>'}{after}</bdi>{cut}</p>"


def _authors(paper: Paper) -> str:
    shown = ", ".join(paper.authors[:_NAMES])
    more = len(paper.authors) > _NAMES or paper.authors_truncated
    return f"{shown} et al." if shown and more else shown


def web_address(paper: Paper) -> str | None:
    """Where the paper is to be had: on the web, whatever else a source may name."""
    if paper.doi:
        return f"https://doi.org/{quote(paper.doi, safe='/')}"
    if paper.arxiv:
        return f"https://arxiv.org/abs/{quote(paper.arxiv, safe='/')}"
    return paper.url if paper.url and re.match("https?://", paper.url, re.IGNORECASE) else None


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _list_html(items: Sequence[str]) -> str:
    listed = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{listed}</ul>" if items else "<p>None</p>"


def _note(heading: str, text: str) -> None:
    """A remark to the reader; commands in it stand in backquotes."""
    shown = re.sub("`([^`]+)`", r"<code>\1</code>", _text(text))
    st.html(f"<div class='note' role='alert'><p><strong>{heading}</strong></p><p>{shown}</p></div>")


if __name__ == "__main__":
    main()
