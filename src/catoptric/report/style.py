"""The page's style sheet: system fonts, two themes, one column that also fits a phone."""

CSS = """
:root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--ink:#1c2226;--muted:#58636b;
--line:#e4e1d9;--line-strong:#b9b4a8;--data:#2c6a99;--model:#6a55a0;--interface:#b3512a;
--flip:#a8481f;--soft:#f3f1ea;--serif:"Iowan Old Style",Charter,"Palatino Linotype",Palatino,
Georgia,"Liberation Serif",serif;--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",
"Liberation Sans",sans-serif;--mono:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",
monospace}
@media (prefers-color-scheme:dark){:root{--paper:#14181b;--card:#1b2024;--ink:#e9e6df;
--muted:#a2abb2;--line:#2c3338;--line-strong:#56606a;--data:#79b0dd;--model:#b6a4e6;
--interface:#ea9468;--flip:#f0a27c;--soft:#20262a}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 var(--sans)}
main,header,footer{max-width:62rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.6rem}
.brand{display:flex;gap:.6rem;align-items:baseline;justify-content:space-between;
font-size:.875rem;color:var(--muted);border-bottom:1px solid var(--line);padding-bottom:.7rem}
.brand b{color:var(--ink);letter-spacing:.01em}
h1{font:500 clamp(1.3rem,1.1rem + .9vw,1.7rem)/1.36 var(--serif);margin:1.5rem 0 0;
text-wrap:pretty;overflow-wrap:anywhere}
h2{font:600 1.3rem/1.3 var(--serif);margin:0 0 .35rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
p{margin:.5rem 0;overflow-wrap:anywhere}
section{margin:2.75rem 0 0;padding-top:1.4rem;border-top:1px solid var(--line)}
section.first{border-top:0;padding-top:0;margin-top:1.6rem}
.lede{color:var(--muted);max-width:46rem}
.remarks{margin:1rem 0 0;padding:0;list-style:none;max-width:56rem}
.remarks li{padding:.15rem 0 .15rem .9rem;border-left:3px solid var(--line-strong);margin:.55rem 0}
.remedy{background:var(--soft);border-radius:10px;padding:1rem 1.2rem;margin-top:1.6rem}
.remedy h2{font-size:1.05rem}.remedy p{margin:.2rem 0 0}
.rates{display:grid;grid-template-columns:repeat(4,1fr);gap:0;margin:1.5rem 0 0;padding:0;
border:1px solid var(--line);border-radius:10px;background:var(--card);overflow:hidden}
.rates div{padding:.75rem 1rem;border-left:1px solid var(--line)}
.rates div:first-child{border-left:0}
.rates dt{font-size:.8125rem;color:var(--muted)}
.rates dd{margin:0;font-size:1.5rem;font-weight:600;font-variant-numeric:tabular-nums;
line-height:1.25}
.rates small{display:block;font-size:.8125rem;font-weight:400;color:var(--muted)}
.chart{width:100%;min-height:4rem;margin:.4rem 0 0}
.vega-embed{width:100%;display:block!important;padding:0!important}
.vega-embed svg{display:block;max-width:100%}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;font-size:.875rem;color:var(--muted);
margin:.5rem 0 0;padding:0;list-style:none}
.legend i{display:inline-block;width:.85rem;height:.85rem;border-radius:3px;margin-right:.4rem;
vertical-align:-.08rem;background:currentColor}
.legend .data i{color:var(--data)}.legend .model i{color:var(--model)}
.legend .interface i{color:var(--interface)}.legend .pale i{color:var(--muted);opacity:.38}
.legend .rate i{border-radius:50%;width:.6rem;height:.6rem;color:var(--ink)}
.legend .whisker i{height:2px;width:1.1rem;color:var(--ink);vertical-align:.25rem;border-radius:0}
.scroll{overflow-x:auto;margin:.8rem 0 0;-webkit-overflow-scrolling:touch}
table{border-collapse:collapse;width:100%;font-size:.9375rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--muted);font-size:.875rem;padding-bottom:.4rem}
th,td{padding:.45rem 1.5rem .45rem 0;text-align:left;vertical-align:top;
border-bottom:1px solid var(--line)}
thead th{font-weight:500;font-size:.8125rem;color:var(--muted);border-bottom-color:
var(--line-strong);vertical-align:bottom}
tbody th{font-weight:600}
th:last-child,td:last-child{padding-right:0}
.n{text-align:right}td.n{white-space:nowrap}
tr.sum th,tr.sum td{border-bottom:0;color:var(--muted);font-weight:400;padding-top:.6rem}
td small{color:var(--muted);display:block}
tr.differs td,tr.differs th{background:color-mix(in srgb,var(--interface) 9%,transparent)}
tr.differs th{padding-left:.5rem}tr th.setting{padding-left:.5rem;font-weight:400}
.word{white-space:nowrap}
.settled{font-weight:600}
dl.plain{display:grid;grid-template-columns:minmax(7rem,10rem) 1fr;gap:.5rem 1.2rem;margin:.8rem 0}
dl.plain dt{font-weight:600}dl.plain dd{margin:0;max-width:44rem;overflow-wrap:anywhere}
ul.plain{padding-left:1.1rem;max-width:48rem}ul.plain li{margin:.35rem 0}
.pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(13.6rem,1fr));gap:.9rem;
margin:.9rem 0 0;padding:0;list-style:none}
.pairs figure{margin:0;padding:.5rem;border:1px solid var(--line);border-radius:8px;
background:var(--card)}
.pairs .flip figure{border-color:var(--flip);box-shadow:0 0 0 1px var(--flip)}
.pairs .two{display:grid;grid-template-columns:1fr 1fr;gap:.35rem}
.pairs img{width:100%;aspect-ratio:1;image-rendering:pixelated;display:block;border-radius:3px}
figcaption{font-size:.8125rem;color:var(--muted);margin-top:.35rem;display:flex;
justify-content:space-between;gap:.5rem;flex-wrap:wrap}
figcaption b{color:var(--ink);font-weight:600}
.flip figcaption b{color:var(--flip)}
.tag{border:1px solid var(--flip);color:var(--flip);border-radius:3px;padding:0 .25rem;
font-size:.75rem;margin-right:.35rem}
pre{font:.8125rem/1.5 var(--mono);background:var(--soft);padding:.8rem 1rem;border-radius:8px;
overflow:auto;max-height:26rem;white-space:pre-wrap;overflow-wrap:anywhere;margin:.5rem 0}
details{margin:.8rem 0}
summary{cursor:pointer;font-weight:600;padding:.2rem 0}
a{color:var(--data);text-underline-offset:.15em}
a.button{display:inline-block;border:1px solid var(--line-strong);border-radius:6px;
padding:.35rem .8rem;text-decoration:none;color:var(--ink);background:var(--card)}
:focus-visible{outline:2px solid var(--data);outline-offset:2px}
footer{margin-top:3rem;padding-bottom:3rem;color:var(--muted);font-size:.875rem}
#vg-tooltip-element{background:var(--card)!important;color:var(--ink)!important;
border:1px solid var(--line-strong)!important;font-family:var(--sans)!important}
#vg-tooltip-element table{width:auto}#vg-tooltip-element td{border:0;padding:.1rem .4rem;
color:var(--ink)!important}
@media (max-width:40rem){main,header,footer{padding-left:1rem;padding-right:1rem}
.rates{grid-template-columns:1fr 1fr}.rates div:nth-child(3){border-left:0}
.rates div:nth-child(n+3){border-top:1px solid var(--line)}
.pairs{grid-template-columns:1fr 1fr;gap:.6rem}.pairs figure{padding:.35rem}
dl.plain{grid-template-columns:1fr;gap:.1rem}dl.plain dd{margin-bottom:.7rem}
table{font-size:.875rem}th,td{padding-right:.6rem}.wide{display:none}
table.stack thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
table.stack tbody,table.stack tbody tr{display:block}
table.stack tbody tr{display:grid;grid-template-columns:1fr auto;gap:.05rem .8rem;
padding:.55rem 0;border-bottom:1px solid var(--line)}
table.stack th,table.stack td{padding:0;border:0}table.stack td.wide{display:none}
table.stack td.points{font-weight:600}table.stack td.what{grid-column:1;grid-row:2/span 3}
table.stack td.small{color:var(--muted);grid-column:2}table.stack td.none{display:none}
table.stack td[data-label]::before{content:attr(data-label)" "}
section{margin-top:2.1rem}}
@media print{body{background:#fff}.scroll{overflow:visible}details{display:none}
section,figure,tr{break-inside:avoid}}
"""

# Draws each chart into its place; the policy of the page forbids `eval`, hence the interpreter.
DRAW = """
(function(){
  var charts = JSON.parse(document.getElementById("charts").textContent);
  Object.keys(charts).forEach(function(id){
    vegaEmbed("#" + id, charts[id], {mode: "vega-lite", renderer: "svg", actions: false, ast: true})
      .catch(function(error){
        document.getElementById(id).textContent =
          "This chart could not be drawn (" + error.message + "); the table below has its figures.";
      });
  });
})();
"""
