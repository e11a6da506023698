"""Rules of the polarity page beside the house's own."""

POLARITY_CSS = """
.polar{display:grid;grid-template-columns:minmax(8rem,11rem) repeat(var(--scales),1fr);
gap:.55rem 1.6rem;margin:1.1rem 0 0;align-items:start}
.polar .head{font-size:.8125rem;color:var(--muted);border-bottom:1px solid var(--line-strong);
padding-bottom:.25rem}
.polar .part{font-weight:600;font-size:.9375rem}
.track{position:relative;height:1.15rem;border-radius:4px;background:
linear-gradient(90deg,var(--line-strong) 1px,transparent 1px) 0 0/25% 100% repeat-x,var(--soft)}
.track i,.track b{position:absolute;display:block}
.track i{height:2px;top:calc(50% - 1px)}
.track b{width:.68rem;height:.68rem;border-radius:50%;top:calc(50% - .34rem);margin-left:-.34rem;
box-sizing:border-box}
.track .opposite{background:var(--interface)}
.track i.fresh{background:var(--data)}
.track b.fresh{background:var(--card);border:2.5px solid var(--data)}
.arm small{display:block;font-size:.8125rem;color:var(--muted);font-variant-numeric:tabular-nums}
.verdict{white-space:nowrap}.verdict.settled{color:var(--ink);font-weight:600}
table.sheet{font-size:.75rem;color:var(--muted)}
table.sheet th,table.sheet td{padding:.2rem .3rem;border:0;text-align:center;vertical-align:bottom;
min-width:4.3rem;font-weight:400}
table.sheet tbody th{vertical-align:middle;font-variant-numeric:tabular-nums}
table.sheet img{width:4rem;aspect-ratio:1;image-rendering:pixelated;display:block;margin:auto;
border-radius:4px}
table.sheet .flip img{outline:2px solid var(--flip);outline-offset:1px}
table.sheet .flip span{color:var(--flip);font-weight:600}
table.counts{font-size:.875rem}
table.counts th,table.counts td{padding:.35rem .5rem}
table.counts tbody th{min-width:11rem}
table.map{font-size:.875rem}
table.map th,table.map td{padding:.3rem .7rem}
table.map td.n{background:color-mix(in srgb,var(--model) var(--strength,0%),transparent)}
table.map small{color:var(--ink)}
@media (max-width:40rem){.polar{grid-template-columns:1fr;gap:.35rem}
.polar .head{display:none}.polar .part{margin-top:.7rem}
.arm{display:grid;grid-template-columns:6rem 1fr;gap:.1rem .6rem;align-items:center}
.arm::before{content:attr(data-scale);font-size:.8125rem;color:var(--muted)}
.arm small{grid-column:2}}
"""
