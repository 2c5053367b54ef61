-- How a book looks and how its pages turn: style sheet, the bar with its buttons, and the script. Plain text, no address from outside.
local style = {}

style.css = [[
:root{color-scheme:light dark;--ink:#2b2622;--soft:#6d645b;--tint:#7a4a24;--line:rgba(60,45,30,.16)}
*{box-sizing:border-box}
html{height:100%;-webkit-text-size-adjust:100%}
body{margin:0;min-height:100%;font-family:"Iowan Old Style","Palatino Linotype",Palatino,"URW Palladio L","Book Antiqua",Georgia,serif;font-size:clamp(1.125rem,1rem + .5vw,1.3rem);line-height:1.6;color:var(--ink);background:#f2ece0}
.page{--paper:var(--paper-l,#fffdf8);--edge:var(--edge-l,#f2ece0);--glow:var(--glow-l,#dfe8ea);--tint:var(--tint-l,#7a4a24);min-height:100vh;min-height:100dvh;padding:clamp(.9rem,2vw,1.6rem) clamp(.9rem,3vw,2.5rem) 5.2rem;display:grid;place-items:center;outline:0;background:radial-gradient(120% 90% at 50% 0,var(--glow),var(--edge) 70%)}
.leaf{width:min(100%,76rem);background:var(--paper);border-radius:14px;overflow:hidden;box-shadow:0 1px 2px rgba(40,30,20,.1),0 18px 50px -18px rgba(40,30,20,.35);display:grid;grid-template-columns:minmax(0,1fr)}
figure{margin:0}
.picture img{display:block;width:100%;height:auto}
.words{padding:clamp(1.4rem,4vw,3rem);display:flex;flex-direction:column;justify-content:center;position:relative;min-width:0}
.words p{margin:0 0 .8em;max-width:34em;text-wrap:pretty;overflow-wrap:break-word;hanging-punctuation:first}
.page:not(.cover):not(.end) .words>p:first-child::first-letter{font-size:3.1em;line-height:.8;float:left;padding:.07em .09em 0 0;color:var(--tint)}
.words .number{position:absolute;right:1.4rem;bottom:.7rem;margin:0;color:var(--soft);font-size:.8em;font-variant-numeric:oldstyle-nums}
.plain .leaf{width:min(100%,46rem)}
.tune{margin:.6rem 0 .4rem}
.tune audio{width:100%;max-width:22rem}
button,.begin{font:inherit;color:inherit;background:none;border:1px solid var(--line);border-radius:99px;cursor:pointer}
.listen,.begin{display:inline-flex;align-items:center;gap:.55em;padding:.4em 1.15em;color:var(--tint);border-color:currentColor;font-size:.92em;text-decoration:none;line-height:1.5}
.listen:hover,.begin:hover{background:var(--tint);color:var(--paper)}
.listen i{width:0;height:0;border-left:.72em solid;border-top:.44em solid transparent;border-bottom:.44em solid transparent}
.listen[aria-pressed=true] i{width:.7em;height:.8em;border:solid currentColor;border-width:0 .22em}
:focus-visible{outline:3px solid var(--tint);outline-offset:3px}
.page:focus-visible{outline:0}
h1,h2{font-weight:500;line-height:1.12;margin:0 0 .45em;letter-spacing:-.01em;text-wrap:balance}
h1{font-size:clamp(2.2rem,1.3rem + 4.6vw,4.4rem)}
h2{font-size:clamp(2rem,1.4rem + 3vw,3.2rem);font-style:italic}
.cover .leaf,.end .leaf{width:min(100%,52rem);text-align:center}
.cover .words,.end .words{align-items:center;padding-block:clamp(3rem,9vw,6rem)}
.cover .art{width:100%;height:clamp(11rem,38vh,26rem);-webkit-print-color-adjust:exact;print-color-adjust:exact;background-size:cover;background-position:center 60%}
.cover .art+.words{padding-block:clamp(1.6rem,3vw,2.4rem)}
.with{color:var(--soft);font-style:italic}
details{width:100%;max-width:40rem;margin-top:2.2rem;text-align:left;font-size:.85em;color:var(--soft)}
summary{cursor:pointer;text-align:center}
dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.2em 1em;margin:1.2em 0}
dt{font-style:italic}dd{margin:0;overflow-wrap:anywhere}
pre{overflow-x:auto;padding:1em;border-radius:8px;background:rgba(120,110,90,.12);font:.86em/1.5 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
.bar{position:fixed;inset:auto 0 0;display:none;align-items:center;justify-content:center;gap:.5rem;padding:.55rem max(.6rem,env(safe-area-inset-left)) calc(.55rem + env(safe-area-inset-bottom));background:rgba(255,253,248,.86);border-top:1px solid var(--line);backdrop-filter:blur(8px)}
.bar button{min-width:2.75rem;height:2.75rem;padding:0 .8rem;line-height:1}
.bar button:hover:not(:disabled){background:rgba(120,110,90,.14)}
.bar button:disabled{opacity:.3;cursor:default}
.dots{display:flex;flex-wrap:wrap;justify-content:center}
.bar .dots button{min-width:0;width:1.5rem;height:1.9rem;padding:0;border:0;display:grid;place-items:center}
.dots button::before{content:"";width:.55rem;height:.55rem;border-radius:50%;background:currentColor;opacity:.28;transition:transform .2s,opacity .2s}
.dots button[aria-current]::before{opacity:.9;transform:scale(1.35)}
.bar .music{font-size:.8em}
.music[aria-pressed=false]{opacity:.55;text-decoration:line-through}
.live .bar{display:flex}
.live .page{display:none}
.live .page.here{display:grid;animation:turn .45s ease-out}
@keyframes turn{from{opacity:0;transform:translateX(var(--from,14px))}}
@media(min-width:60rem){.leaf{grid-template-columns:minmax(0,1.3fr) minmax(0,1fr)}.plain .leaf,.cover .leaf,.end .leaf{grid-template-columns:minmax(0,1fr)}.picture{display:flex}.picture img{object-fit:cover;height:100%;min-height:0}.words{padding:2rem 2.4rem 2.4rem}.words>p{font-size:.92em;line-height:1.55}}
@media(max-width:34rem){.bar{gap:.25rem}.bar button{min-width:2.5rem;padding:0 .6rem}.dots button{width:1.15rem!important}.page{padding:.7rem .7rem 5.5rem}}
@media(prefers-color-scheme:dark){:root{--ink:#e9e2d6;--soft:#a79d90;--line:rgba(240,225,200,.2)}body{background:#14161c}.page{--paper:var(--paper-d,#1c1e25);--edge:var(--edge-d,#14161c);--glow:var(--glow-d,#20242e);--tint:var(--tint-d,#e0b184)}.bar{background:rgba(22,24,30,.88)}.picture img{filter:brightness(.93)}}
@media(prefers-reduced-motion:reduce){.live .page.here{animation:none}}
@media print{.bar,.tune,.begin,details{display:none!important}.page,.live .page{display:grid!important;min-height:0;padding:0;background:none;break-after:page;break-inside:avoid}.page.end{break-after:auto!important}.leaf{box-shadow:none;grid-template-columns:minmax(0,1fr)!important;background:none}.picture img{max-height:48vh;min-height:0!important;object-fit:contain}.live .page.here{animation:none}.words{padding:1.2rem 1.6rem}.cover,.end{min-height:90vh!important}.cover .art{height:46vh}.words>p{font-size:1em!important}body{background:none;color:#000;font-size:15pt}}
]]

style.bar = [[
<nav class="bar" aria-label="Pages">
<button type="button" class="back" aria-label="Previous page">&#8592;</button>
<div class="dots"></div>
<button type="button" class="next" aria-label="Next page">&#8594;</button>
<button type="button" class="music" aria-pressed="true" title="Play each tune when its page opens">&#9834; music</button>
</nav>
]]

style.script = [[
(function () {
  'use strict';
  var pages = [].slice.call(document.querySelectorAll('.page')), dots = document.querySelector('.dots');
  var back = document.querySelector('.back'), next = document.querySelector('.next'), music = document.querySelector('.music');
  var here = -1, touched = false, x = null, y = null;
  document.documentElement.classList.add('live');

  pages.forEach(function (page, i) {
    var audio = page.querySelector('audio'), dot = document.createElement('button');
    dot.type = 'button';
    dot.setAttribute('aria-label', page.getAttribute('aria-label'));
    dot.onclick = function () { go(i); };
    dots.appendChild(dot);
    if (!audio) return;
    var button = document.createElement('button');
    button.type = 'button';
    button.className = 'listen';
    button.innerHTML = '<i aria-hidden="true"></i><span>Listen</span>';
    button.onclick = function () { if (audio.paused) play(audio); else audio.pause(); };
    audio.onplay = audio.onpause = audio.onended = function () {
      button.setAttribute('aria-pressed', String(!audio.paused));
      button.lastChild.textContent = audio.paused ? 'Listen' : 'Pause';
    };
    button.setAttribute('aria-pressed', 'false');
    audio.removeAttribute('controls');
    audio.parentNode.appendChild(button);
  });
  if (!document.querySelector('audio')) music.remove();

  var best = document.querySelectorAll('.picture img'), cover = document.querySelector('.cover .leaf');
  if (best.length && cover) {
    var art = document.createElement('div');
    art.className = 'art';
    art.style.backgroundImage = 'url("' + best[Math.max(0, best.length - 2)].src + '")';
    cover.insertBefore(art, cover.firstChild);
  }

  function play(audio) { var p = audio.play(); if (p) p.catch(function () {}); }
  function hush() { [].forEach.call(document.querySelectorAll('audio'), function (a) { if (!a.paused) a.pause(); a.currentTime = 0; }); }
  function go(i, quiet) {
    i = Math.max(0, Math.min(pages.length - 1, i));
    if (i === here) return;
    pages.forEach(function (page, j) { page.classList.toggle('here', j === i); page.style.setProperty('--from', i > here ? '14px' : '-14px'); });
    [].forEach.call(dots.children, function (dot, j) { if (j === i) dot.setAttribute('aria-current', 'page'); else dot.removeAttribute('aria-current'); });
    here = i;
    back.disabled = i === 0;
    next.disabled = i === pages.length - 1;
    hush();
    if (quiet) return;
    try { history.replaceState(null, '', '#' + pages[i].id); } catch (e) { location.hash = pages[i].id; }
    window.scrollTo(0, 0);
    pages[i].focus({ preventScroll: true });
    var audio = pages[i].querySelector('audio');
    if (audio && touched && music.getAttribute('aria-pressed') === 'true') play(audio);
  }
  function place() { var i = pages.findIndex(function (page) { return '#' + page.id === location.hash; }); return i < 0 ? 0 : i; }

  ['pointerdown', 'keydown'].forEach(function (kind) { addEventListener(kind, function () { touched = true; }, { once: true, capture: true }); });
  back.onclick = function () { go(here - 1); };
  next.onclick = function () { go(here + 1); };
  music.onclick = function () {
    var on = music.getAttribute('aria-pressed') !== 'true';
    music.setAttribute('aria-pressed', String(on));
    var audio = pages[here].querySelector('audio');
    if (!on) hush(); else if (audio) play(audio);
  };
  [].forEach.call(document.querySelectorAll('a.begin'), function (a) {
    a.onclick = function (e) { e.preventDefault(); go(pages.findIndex(function (page) { return '#' + page.id === a.getAttribute('href'); })); };
  });
  addEventListener('keydown', function (e) {
    if (e.altKey || e.ctrlKey || e.metaKey) return;
    if (e.key === 'ArrowRight' || e.key === 'PageDown') { go(here + 1); e.preventDefault(); }
    else if (e.key === 'ArrowLeft' || e.key === 'PageUp') { go(here - 1); e.preventDefault(); }
    else if (e.key === 'Home') { go(0); e.preventDefault(); }
    else if (e.key === 'End') { go(pages.length - 1); e.preventDefault(); }
  });
  addEventListener('touchstart', function (e) { x = e.touches.length === 1 ? e.touches[0].clientX : null; y = e.touches[0].clientY; }, { passive: true });
  addEventListener('touchend', function (e) {
    if (x === null) return;
    var dx = e.changedTouches[0].clientX - x, dy = e.changedTouches[0].clientY - y;
    if (Math.abs(dx) > 60 && Math.abs(dx) > 2 * Math.abs(dy)) go(here + (dx < 0 ? 1 : -1));
    x = null;
  }, { passive: true });
  addEventListener('hashchange', function () { go(place()); });
  go(place(), true);
})();
]]

return style
