"""What makes a grid's page re-arrange itself: one small script and its style sheet.

The script writes text with `textContent` and builds every element by hand: nothing in the page's
data is ever read as HTML.
"""

GRID_CSS = """
main.full{max-width:none;padding:0}
main.full>section{max-width:62rem;margin-left:auto;margin-right:auto;padding-left:1.25rem;
padding-right:1.25rem}
main.full>section.wide-part{max-width:none;border-top:0;margin-top:1.2rem;padding-top:0}
.controls{display:grid;grid-template-columns:repeat(auto-fit,minmax(6.6rem,1fr));gap:.6rem .7rem;
max-width:59.5rem;margin:0 auto 1rem}
.controls label{display:flex;flex-direction:column;font-size:.8125rem;color:var(--muted);gap:.2rem}
.controls select{font:inherit;font-size:.9375rem;color:var(--ink);background:var(--card);
border:1px solid var(--line-strong);border-radius:6px;padding:.34rem .4rem;min-height:2.4rem;
width:100%}
.board{width:fit-content;max-width:100%;margin:0 auto}
.board h3{font:600 1.1rem/1.3 var(--serif);margin:1.6rem 0 .2rem}
.board .scroll{margin-top:.3rem;border:1px solid var(--line);border-radius:10px;
background:var(--card)}
table.grid{width:auto;border-collapse:separate;border-spacing:0;font-size:.875rem}
table.grid th,table.grid td{padding:.6rem .7rem;border:0;border-right:1px solid var(--line);
border-bottom:1px solid var(--line);vertical-align:top}
table.grid th:last-child,table.grid td:last-child{border-right:0;padding-right:.7rem}
table.grid tbody tr:last-child>*{border-bottom:0}
table.grid thead th{color:var(--ink);font-weight:600;font-size:.9375rem;border-bottom-color:
var(--line-strong)}
table.grid thead th small,table.grid tbody th small{display:block;font-weight:400;
color:var(--muted);font-size:.75rem}
table.grid tbody th{position:sticky;left:0;background:var(--card);z-index:1;min-width:3.6rem;
max-width:11rem;overflow-wrap:break-word}
table.grid thead th:first-child{position:sticky;left:0;background:var(--card);z-index:2}
table.grid td{--tint:0%;background:color-mix(in srgb,var(--interface) var(--tint),var(--card))}
.tiles{display:grid;grid-template-columns:repeat(var(--across),var(--tile));gap:3px;
margin-bottom:.45rem}
button.tile{padding:0;border:0;background:none;cursor:zoom-in;line-height:0;border-radius:3px;
width:var(--tile);height:var(--tile)}
button.tile img{width:100%;height:100%;image-rendering:pixelated;border-radius:3px}
button.tile.flip{outline:2px solid var(--flip);outline-offset:-2px}
button.tile:focus-visible{outline:3px solid var(--data);outline-offset:1px}
.facts{display:grid;grid-template-columns:auto 1fr;gap:0 .55rem;margin:0;font-size:.8125rem;
color:var(--muted);white-space:nowrap}
.facts dt,.facts dd{margin:0}
.facts dd{color:var(--ink)}
.facts dd small{display:inline;color:var(--muted);font-size:.75rem;font-weight:400}
.facts .first{font-weight:600}
.left-out{font-size:.75rem;color:var(--muted);margin:.3rem 0 0;max-width:11rem}
.key{font-size:.8125rem;color:var(--muted);margin:.6rem auto 0;max-width:59.5rem}
.key .flipkey{display:inline-block;width:.8rem;height:.8rem;border:2px solid var(--flip);
border-radius:3px;vertical-align:-.12rem;margin-right:.3rem}
th button.sort{font:inherit;color:inherit;background:none;border:0;padding:.2rem 0;cursor:pointer;
text-align:inherit}
th button.sort::after{content:" \\2195";opacity:.45}
th[aria-sort=ascending] button.sort::after{content:" \\2191";opacity:1}
th[aria-sort=descending] button.sort::after{content:" \\2193";opacity:1}
#figures tbody th{font-weight:600}
dialog{border:1px solid var(--line-strong);border-radius:12px;background:var(--card);
color:var(--ink);padding:1.1rem 1.3rem 1.3rem;max-width:min(46rem,94vw)}
dialog::backdrop{background:rgb(0 0 0/.55)}
dialog h2{margin:0 0 .1rem}
.trio{display:grid;grid-template-columns:repeat(3,1fr);gap:.8rem;margin:.9rem 0}
.trio figure{margin:0}.trio img{width:100%;image-rendering:pixelated;border-radius:4px;
background:var(--soft)}
.trio figcaption{display:block}.trio figcaption b{display:block}
.turn{display:flex;gap:.6rem;justify-content:space-between}
.turn button{font:inherit;color:var(--ink);background:var(--card);border:1px solid
var(--line-strong);border-radius:6px;padding:.35rem .8rem;min-height:2.4rem;cursor:pointer}
.turn span{display:flex;gap:.6rem}
@media (max-width:40rem){main.full>section{padding-left:1rem;padding-right:1rem}
main.full>section.wide-part{padding-left:.6rem;padding-right:.6rem}
.controls{grid-template-columns:repeat(3,1fr);gap:.5rem .6rem}
.controls select{font-size:.875rem;padding:.34rem .2rem}
table.grid th,table.grid td{padding:.45rem .5rem}table.grid tbody th{max-width:6rem;
font-size:.8125rem}.facts dd small{display:none}.trio{gap:.4rem}}
@media print{.controls,.turn{display:none}.board .scroll{overflow:visible}}
"""

GRID_SCRIPT = """
(function(){
  "use strict";
  var data = JSON.parse(document.getElementById("grid-data").textContent);
  var place = ["x", "y", "z"];
  var axes = data.axes;
  var nothing = -1;
  var state = {x: 0, y: axes.length > 1 ? 1 : nothing, z: axes.length > 2 ? 2 : nothing,
    seeds: "all", pictures: "cell", tint: "none", order: "given", size: "m"};
  var tiles = {s: 40, m: 64, l: 128};

  function make(name, parent, text, kind){
    var made = document.createElement(name);
    if (text !== undefined && text !== null) made.textContent = text;
    if (kind) made.className = kind;
    if (parent) parent.appendChild(made);
    return made;
  }
  function value(cell, key){
    var found = cell.numbers[key];
    return typeof found === "number" ? found : null;
  }
  function cellAt(at){
    var index = 0;
    for (var i = 0; i < axes.length; i++) index = index * axes[i].values.length + at[i];
    return index;
  }
  function matching(fixed){
    return data.cells.filter(function(cell){
      return Object.keys(fixed).every(function(axis){ return cell.at[axis] === fixed[axis]; });
    });
  }
  function mean(cells, key){
    var known = cells.map(function(c){ return value(c, key); })
      .filter(function(v){ return v !== null; });
    return known.length
      ? known.reduce(function(a, b){ return a + b; }, 0) / known.length : Infinity;
  }
  function order(axis){
    if (axis === nothing) return [null];
    var all = axes[axis].values.map(function(_, i){ return i; });
    if (state.order === "given") return all;
    return all.sort(function(a, b){
      var left = {}, right = {};
      left[axis] = a; right[axis] = b;
      return mean(matching(left), state.order) - mean(matching(right), state.order) || a - b;
    });
  }
  function seedsShown(){
    var all = data.seeds.map(function(_, i){ return i; });
    return state.seeds === "all" ? all : [Number(state.seeds)];
  }
  function range(key){
    var known = data.cells.map(function(c){ return value(c, key); })
      .filter(function(v){ return v !== null; });
    return [Math.min.apply(null, known), Math.max.apply(null, known)];
  }

  function select(id, label, choices, current, changed){
    var box = make("label", document.getElementById("controls"), label);
    var list = make("select", box);
    list.id = id;
    choices.forEach(function(choice){
      var option = make("option", list, choice[1]);
      option.value = choice[0];
    });
    list.value = current;
    list.addEventListener("change", function(){ changed(list.value); draw(); });
    return list;
  }
  function controls(){
    var names = axes.map(function(axis, i){ return [i, axis.label]; });
    [["x", "Columns"], ["y", "Rows"], ["z", "Blocks"]].forEach(function(pair){
      var key = pair[0];
      if (axes.length < 2 && key === "z") return;
      var choices = names.concat(axes.length < 3 || key !== "x" ? [[nothing, "\\u2014"]] : []);
      select("axis-" + key, pair[1], choices, state[key], function(chosen){
        var before = state[key];
        place.forEach(function(other){
          if (other !== key && state[other] === Number(chosen)) state[other] = before;
        });
        state[key] = Number(chosen);
        // Every axis has a place: one that lost its own takes the first that is free.
        names.forEach(function(name){
          if (place.some(function(p){ return state[p] === name[0]; })) return;
          var free = place.filter(function(p){ return p !== key && state[p] === nothing; })[0];
          state[free || key] = name[0];
        });
        place.forEach(function(p){
          var list = document.getElementById("axis-" + p);
          if (list) list.value = state[p];
        });
      });
    });
    select("seeds", "Seeds", [["all", "all " + data.seeds.length]].concat(
      data.seeds.map(function(seed, i){ return [i, String(seed)]; })), state.seeds,
      function(chosen){ state.seeds = chosen; });
    select("pictures", "Pictures", [["cell", "of the cell"], ["converged", "converged"],
      ["reference", "reference"]], state.pictures, function(c){ state.pictures = c; });
    select("tint", "Colour by", [["none", "nothing"]].concat(data.metrics), state.tint,
      function(chosen){ state.tint = chosen; });
    select("order", "Order by", [["given", "as given"]].concat(data.metrics), state.order,
      function(chosen){ state.order = chosen; });
    select("size", "Size", [["s", "small"], ["m", "medium"], ["l", "large"]], state.size,
      function(chosen){ state.size = chosen; });
  }

  function fact(list, name, words, kind){
    make("dt", list, name);
    var shown = make("dd", list, null, kind), cut = words.indexOf(" (");
    make("span", shown, cut < 0 ? words : words.slice(0, cut));
    if (cut >= 0) make("small", shown, " " + words.slice(cut + 2, -1));
  }
  function fill(box, cell, ends){
    var tint = state.tint === "none" ? null : value(cell, state.tint);
    if (tint !== null && ends[1] > ends[0]) {
      box.style.setProperty("--tint", (42 * (tint - ends[0]) / (ends[1] - ends[0])) + "%");
    }
    var seeds = seedsShown(), tilesBox = make("div", box, null, "tiles");
    tilesBox.style.setProperty("--across",
      seeds.length < 4 ? seeds.length : Math.ceil(Math.sqrt(seeds.length)));
    seeds.forEach(function(s){
      var side = cell.shown[state.pictures];
      if (!side) return;
      var button = make("button", tilesBox, null, "tile" + (cell.flipped[s] ? " flip" : ""));
      button.type = "button";
      var image = make("img", button);
      image.src = data.images[side.images[s]];
      image.alt = cell.name + ", seed " + data.seeds[s] + ": " + side.words[s] +
        (cell.flipped[s] ? ", flipped against the reference" : "");
      image.title = "seed " + data.seeds[s] + ": " + side.words[s];
      button.addEventListener("click", function(){ open(cell, s); });
    });
    if (!cell.shown[state.pictures]) make("p", box, "no converged picture", "left-out");
    var list = make("dl", box, null, "facts");
    cell.facts.forEach(function(pair, i){ fact(list, pair[0], pair[1], i ? "" : "first"); });
    if (cell.dropped.length) make("p", box, "no effect here: " + cell.dropped.join(", "),
      "left-out");
  }
  function heading(parent, axis, index){
    if (axis === nothing) return make("th", parent, "");
    var head = make("th", parent, axes[axis].values[index]);
    make("small", head, axes[axis].label);
    return head;
  }
  function draw(){
    var board = document.getElementById("board");
    board.textContent = "";
    board.style.setProperty("--tile", tiles[state.size] + "px");
    var ends = state.tint === "none" ? [0, 0] : range(state.tint);
    order(state.z).forEach(function(k){
      if (k !== null) make("h3", board, axes[state.z].label + ": " + axes[state.z].values[k]);
      var scroll = make("div", board, null, "scroll");
      scroll.tabIndex = 0;
      scroll.setAttribute("role", "region");
      scroll.setAttribute("aria-label", "Grid" + (k === null ? "" : ", " +
        axes[state.z].label + " " + axes[state.z].values[k]));
      var table = make("table", scroll, null, "grid");
      var head = make("tr", make("thead", table));
      make("td", head, "");
      var columns = order(state.x), body = make("tbody", table);
      columns.forEach(function(i){ heading(head, state.x, i).scope = "col"; });
      order(state.y).forEach(function(j){
        var row = make("tr", body);
        heading(row, state.y, j).scope = "row";
        columns.forEach(function(i){
          var at = [0, 0, 0];
          if (i !== null) at[state.x] = i;
          if (j !== null) at[state.y] = j;
          if (k !== null) at[state.z] = k;
          fill(make("td", row), data.cells[cellAt(at)], ends);
        });
      });
    });
  }

  var dialog = document.getElementById("look"), looked = null;
  function open(cell, s){
    looked = [cell, s];
    document.getElementById("look-title").textContent = cell.name;
    document.getElementById("look-seed").textContent = "Seed " + data.seeds[s] +
      (cell.flipped[s] ? ": flipped against the reference." : ".");
    var trio = document.getElementById("trio");
    trio.textContent = "";
    [["cell", "This cell"], ["converged", "Converged"], ["reference", "Reference sampling"]]
      .forEach(function(pair){
        var figure = make("figure", trio), side = cell.shown[pair[0]];
        if (side) {
          var image = make("img", figure);
          image.src = data.images[side.images[s]];
          image.alt = pair[1] + ": " + side.words[s];
        }
        var caption = make("figcaption", figure);
        make("b", caption, pair[1]);
        make("span", caption, side ? side.words[s] : "this cell has none");
      });
    if (!dialog.open) dialog.showModal();
  }
  function turn(by){
    if (!looked) return;
    var count = data.seeds.length;
    open(looked[0], (looked[1] + by + count) % count);
  }
  document.getElementById("before").addEventListener("click", function(){ turn(-1); });
  document.getElementById("after").addEventListener("click", function(){ turn(1); });
  document.getElementById("shut").addEventListener("click", function(){ dialog.close(); });
  dialog.addEventListener("keydown", function(event){
    if (event.key === "ArrowLeft") turn(-1);
    if (event.key === "ArrowRight") turn(1);
  });

  Array.prototype.forEach.call(document.querySelectorAll("#figures th button"), function(button){
    button.addEventListener("click", function(){
      var head = button.parentNode, column = head.cellIndex;
      var rising = head.getAttribute("aria-sort") !== "ascending";
      Array.prototype.forEach.call(head.parentNode.cells, function(other){
        other.removeAttribute("aria-sort");
      });
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      var body = document.querySelector("#figures tbody");
      var rows = Array.prototype.slice.call(body.rows);
      function key(row){
        var text = row.cells[column].getAttribute("data-value");
        return text === "" ? null : Number(text);
      }
      rows.sort(function(a, b){
        var left = key(a), right = key(b);
        if (left === null || right === null) return (left === null) - (right === null);
        return rising ? left - right : right - left;
      });
      rows.forEach(function(row){ body.appendChild(row); });
    });
  });

  controls();
  draw();
})();
"""
