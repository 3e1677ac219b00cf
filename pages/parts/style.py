"""The look of what Streamlit has no element for."""

STYLE = """<style>
.stMainBlockContainer { max-width: 54rem; padding-top: 3.5rem; padding-bottom: 4rem; }
.stHtml { overflow-wrap: anywhere; }
.stHtml :is(h1, h2, h3) { padding: 0; margin: 0; line-height: 1.35; }
.stHtml h1 { font-size: 1.6rem; }
.stHtml h2 { font-size: 1.3rem; }
.stHtml h3 { font-size: 1.1rem; }
.stHtml :is(h1, h2, h3) a { color: inherit; text-decoration: none; }
.stHtml :is(h1, h2, h3) a:hover { text-decoration: underline; }
.stHtml p { margin: .3rem 0; }
.stHtml .name { font-size: 1.5rem; font-weight: 700; line-height: 1.35; margin: 0; padding: 0; }
.stHtml .name a { color: inherit; text-decoration: none; }
.stHtml dl, .stHtml dt { margin: .3rem 0; padding: 0; }
.stHtml dd { margin-left: 1.5rem; font-size: .9rem; }
.stHtml dl.keys { display: grid; grid-template-columns: 5rem 1fr; }
.stHtml dl.keys dd { margin: .3rem 0; font-size: 1rem; }
.stHtml kbd { border: 1px solid currentColor; border-radius: .3rem; padding: 0 .4rem; }
.stHtml .aside { font-size: .9rem; opacity: .85; }
.stHtml mark {
  background: rgba(250, 204, 21, .25); color: inherit; font-weight: 600;
  text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: 3px;
  text-decoration-color: rgba(202, 138, 4, .9);
}
.stHtml :is(.match, .sign) {
  font-size: .8rem; padding: .1rem .6rem; border-radius: 1rem; margin-right: .3rem;
  white-space: nowrap;
}
.stHtml :is(.strong, .like) { background: rgba(34, 160, 90, .25); }
.stHtml .fair, .stHtml .note { background: rgba(220, 160, 20, .2); }
.stHtml :is(.weak, .unlike) { background: rgba(128, 128, 128, .25); }
.stHtml .note { padding: .5rem 1rem; border-radius: .5rem; }
.stHtml article { border-radius: .4rem; }
.stHtml article:focus { outline: 3px solid #1f8fb3; outline-offset: 6px; }
.stHtml .mine { white-space: pre-line; border-left: 3px solid #3f8fae; padding-left: .8rem; }
.stHtml .rank { opacity: .85; font-weight: 400; }
.stHtml details summary { cursor: pointer; font-size: .9rem; }
.stHtml .bars { display: flex; align-items: flex-end; height: 3.5rem; gap: 1px; }
.stHtml .bars span { flex: 1; min-width: 1px; background: #3f8fae; }
.stHtml .ends { display: flex; justify-content: space-between; }
/* An area drawn on the map lets the pointer through to the papers in it, and to a new area. */
.stPlotlyChart .selectionlayer path { pointer-events: none !important; }
.stPlotlyChart .outline-controllers { display: none; }
[class*="st-key-hit-"] { border-bottom: 1px solid rgba(128, 128, 128, .3); padding-bottom: .8rem; }
[class*="st-key-hit-"] .stHorizontalBlock { column-gap: 1.1rem; row-gap: .2rem; }
:is([class*="st-key-hit-"], .st-key-trail, .st-key-tray, .st-key-header, .st-key-lists) button {
  min-height: 0; padding: 0;
}
.stPageLink a { padding: 0; }
.stPageLink a :is(span, p) { white-space: normal; overflow-wrap: anywhere; }
.st-key-trail > * { flex-direction: row; align-items: center; }
.st-key-trail > :nth-child(n + 3)::before { content: "›"; margin-right: .5rem; }
.st-key-chips button { border-radius: 1rem; min-height: 0; padding: .1rem .75rem; }
:is(div, p):is([data-testid="stSliderThumbValue"], [data-testid="stSliderThumbValue"] *) {
  color: inherit !important;
}
[data-testid="InputInstructions"] { display: none; }
:is(.st-key-order, .st-key-colour) [role="radiogroup"] { gap: 1rem; }
.st-key-likeness { min-width: 14rem; }
.st-key-order-row { justify-content: space-between; }
.st-key-order-row > * { width: auto !important; flex: 0 1 auto; }
:is(.st-key-order, .st-key-colour) .stRadio { display: flex; align-items: center; gap: 1rem; }
[class*="st-key-here-nav-"] a, [class*="st-key-here-list-"] button p {
  text-decoration: underline; text-underline-offset: .35rem;
}
[class*="st-key-hit-"] [data-testid="stFormSubmitButton"] button {
  padding: .25rem .75rem; min-height: 2.5rem;
}
.st-key-remark {
  position: fixed; left: 50%; bottom: 1rem; transform: translateX(-50%); z-index: 20;
  width: max-content !important; max-width: min(92vw, 44rem); padding: .4rem 1rem;
  border-radius: .5rem; background: #1d2b33; box-shadow: 0 2px 12px rgba(0, 0, 0, .4);
}
.st-key-remark :is(p, button, button *) { color: #fff; }
.st-key-remark button { background: transparent; border-color: #fff; }
.st-key-help { position: fixed; left: auto; right: 1rem; bottom: .5rem; z-index: 5; width: auto; }
@media (pointer: coarse), (max-width: 640px) { .st-key-help { display: none; } }
[data-testid="stSidebar"] button { text-align: left; min-height: 0; line-height: 1.35; }
:is(.st-key-keys, .st-key-place) { height: 0; overflow: hidden; }
.stHtml dl.stated {
  display: grid; grid-template-columns: minmax(6rem, 12rem) 1fr; gap: .1rem .8rem;
}
.stHtml dl.stated :is(dt, dd) { margin: .15rem 0; font-size: .9rem; min-width: 0; }
.stHtml dl.stated dt { font-weight: 600; }
.stHtml table.list { width: 100%; border-collapse: collapse; font-size: .9rem; }
.stHtml table.list :is(th, td) {
  text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0; border: 0;
  border-bottom: 1px solid rgba(128, 128, 128, .3);
}
.stHtml table.list :is(th, td:nth-child(2)) { white-space: nowrap; }
.stHtml .wide { overflow-x: auto; }
.stHtml table.topics { min-width: 36rem; }
.stHtml table.topics caption { text-align: left; opacity: .85; padding-bottom: .3rem; }
.stHtml table.list.topics :is(th, td:nth-child(2)) { white-space: normal; }
.stHtml table.topics tbody th { font-weight: 400; }
.stHtml table.topics :is(thead th, td:nth-child(2)) { overflow-wrap: normal; }
.stHtml table.topics .number { text-align: right; font-variant-numeric: tabular-nums; }
.stHtml table.topics a[aria-current] { font-weight: 700; }
.stHtml table.topics img { max-width: none; }
[class*="st-key-side-"] button { text-align: left; min-height: 0; padding: 0; }
[class*="st-key-merge-"] { border-bottom: 1px solid rgba(128, 128, 128, .3); padding: .3rem 0; }
@media (max-width: 40rem) { .stHtml dl.stated { grid-template-columns: 1fr; gap: 0; } }
</style>"""
