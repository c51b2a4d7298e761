"""A JavaScript challenge of our own, which only a JavaScript runtime can solve.

YouTube scrambles the signature and the parameter `n` of a media URL; the page's player
undoes it. The player made here is ours from the first line to the last; it only has the
outline by which yt-dlp-ejs finds its way (yt_dlp_ejs/yt/solver/core.min.js): one function
called at once whose first statement is dropped; in it a function that makes a URL object,
sets "alr" to "yes" on it, and takes (url, name of the signature, scrambled signature); the
object answers get, set and clone, and its one further method solves `n`.
"""

import hashlib

#: Eight hexadecimal digits in the player's path; yt-dlp keeps solutions under them.
PLAYER_ID = "5ca1ab1e"
PLAYER_PATH = f"/s/player/{PLAYER_ID}/player_ias.vflset/en_US/base.js"
#: The version of the player that a client must name in its API call.
SIGNATURE_TIMESTAMP = 20400

_ROTATION = 5
_JUNK = "QZ"
_SIGNATURE_LENGTH = 88


def n_of(ei: str) -> str:
    """Return the unsolved `n` that goes with an event ID."""
    return hashlib.sha256(f"n{ei}".encode()).hexdigest()[:16]


def solve_n(n: str) -> str:
    """Return what the player makes of `n`; the Python twin of `solve` in the player."""
    turned = n[::-1]
    return turned[_ROTATION:] + turned[:_ROTATION].upper() + "_s"


def signature_of(ei: str, itag: int) -> str:
    """Return the true signature of a media URL."""
    digest = hashlib.sha512(f"{ei}/{itag}".encode()).hexdigest()
    return digest[:_SIGNATURE_LENGTH]


def scramble(signature: str) -> str:
    """Return the signature as a page shows it; the player's `unscramble` backwards."""
    return (_JUNK + signature[1:] + signature[0])[::-1]


# The shape of each statement matters more than its looks: see the module's docstring.
PLAYER_JS = f"""\
var _yt_player = {{}};
(function (g) {{
  var window = this;
  var config = {{signatureTimestamp: {SIGNATURE_TIMESTAMP}}};
  var unscramble = function (text) {{
    var letters = text.split("").reverse();
    letters.splice(0, {len(_JUNK)});
    letters.unshift(letters.pop());
    return letters.join("");
  }};
  var solve = function (text) {{
    var turned = text.split("").reverse().join("");
    return turned.slice({_ROTATION}) +
      turned.slice(0, {_ROTATION}).toUpperCase() + "_s";
  }};
  g.Link = function (text) {{
    this.text = text;
    this.values = {{}};
  }};
  g.Link.prototype.set = function (key, value) {{ this.values[key] = value; }};
  g.Link.prototype.get = function (key) {{ return this.values[key]; }};
  g.Link.prototype.clone = function () {{
    var other = new g.Link(this.text);
    other.values = Object.assign({{}}, this.values);
    return other;
  }};
  g.Link.prototype.unlock = function () {{
    var n = this.get("n");
    n && this.set("n", solve(n));
  }};
  g.open = function (text, name, scrambled) {{
    var link = new g.Link(text);
    link.set("alr", "yes");
    if (scrambled) {{
      scrambled = decodeURIComponent(scrambled);
      link.set(name, encodeURIComponent(unscramble(scrambled)));
    }}
    return link;
  }};
}})(_yt_player);
""".encode()
