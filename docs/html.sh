#!/usr/bin/env bash
# The manual pages as HTML, with an index. Needs mandoc.
#
#   docs/html.sh [FOLDER]     default: target/html
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=${1:-${CARGO_TARGET_DIR:-target}/html}
mkdir -p "$out"
out=$(cd "$out" && pwd)
root=$PWD

cat >"$out/style.css" <<'CSS'
html { max-width: 62em; margin: auto; padding: 1em; font-family: sans-serif; line-height: 1.4; }
table.head, table.foot { width: 100%; color: #666; }
td.head-vol, td.foot-date { text-align: center; }
td.head-rtitle, td.foot-os { text-align: right; }
h1.Sh { font-size: 1.1em; border-bottom: 1px solid #ccc; }
h2.Ss { font-size: 1em; }
section > p, dl, table, pre { margin-left: 1.5em; }
dd { margin-left: 2em; }
pre { background: #f4f4f4; padding: 0.6em; overflow-x: auto; }
a.permalink { color: inherit; text-decoration: none; }
CSS

# All files first, the names that lead to another page as links: mandoc refers to what is there, and for
# pages of the system to where these are.
sources=()
for page in man/*.[37]; do
    html=$out/${page#man/}.html
    if read -r so target <"$page" && [ "$so" = .so ]; then
        ln -sfn "$(basename "$target").html" "$html"
    else
        : >"$html"
        sources+=("$page")
    fi
done
elsewhere="https://man7.org/linux/man-pages/man%S/%N.%S.html"
for page in "${sources[@]}"; do
    (cd "$out" && mandoc -T html -O "style=style.css,man=%N.%S.html;$elsewhere" "$root/$page" >"${page#man/}.html")
done

# A page's names and description, as in the list that whatis(1) keeps.
entry() {
    awk '
        /^\.Sh / { inside = ($2 == "NAME") }
        inside && /^\.Nm / { names = names (names == "" ? "" : ", ") $2 }
        inside && /^\.Nd / { sub(/^\.Nd /, ""); print names "\t" $0 }
    ' "$1"
}

{
    printf '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
    printf '<link rel="stylesheet" href="style.css"/>\n<title>ferrozmq: manual pages</title>\n</head>\n<body>\n'
    printf '<h1 class="Sh">ferrozmq: manual pages</h1>\n<p>Begin with <a href="zmq.7.html">zmq(7)</a>.</p>\n'
    for section in "7 Overviews" "3 Functions"; do
        printf '<h1 class="Sh">%s</h1>\n<dl>\n' "${section#* }"
        for page in man/*."${section%% *}"; do
            entry "$page" | while IFS=$'\t' read -r names what; do
                printf '<dt><a href="%s.html">%s</a></dt><dd>%s</dd>\n' "$(basename "$page")" "$names" "$what"
            done
        done
        printf '</dl>\n'
    done
    printf '</body>\n</html>\n'
} >"$out/index.html"

echo "HTML pages: $(find "$out" -name '*.html' ! -type l | wc -l) in $out"
