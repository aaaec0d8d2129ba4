#!/usr/bin/env bash
# Licences and sources of all crates, those of tests included: only what deny.toml allows, only from
# the registry. With cargo-deny installed, it checks the same and known advisories.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if cargo deny --version >/dev/null 2>&1; then
    cargo deny --locked check
    exit
fi

# One line per crate: name, licence expression, source.
crates=$(cargo tree --locked --workspace --edges all --target all --prefix none --no-dedupe \
    --format '{p}|{l}' | sed 's/ (proc-macro)//; s/ (\*)//' | sort -u)
allowed=$(sed -n '/^allow = \[/,/^\]/s/^ *"\(.*\)",\{0,1\}$/\1/p' deny.toml)
except=$(sed -n 's/.*crate = "\([^"]*\)", allow = \["\([^"]*\)"\].*/\1=\2/p' deny.toml)

bad=0 count=0
while IFS='|' read -r crate licence; do
    name=${crate%% *}
    count=$((count + 1))
    # 'A OR B' and the older 'A/B': one of them is enough. 'A AND B': all of them.
    good=no
    while read -r choice; do
        whole=yes
        for term in ${choice// AND / }; do
            term=${term//[()]/}
            [ "$term" = WITH ] || [ "$term" = LLVM-exception ] ||
                grep -qxF -- "$term" <<<"$allowed" || grep -qxF -- "$name=$term" <<<"$except" || whole=no
        done
        [ "$whole" = no ] || good=yes
    done < <(sed 's/ OR /\n/g; s|/|\n|g' <<<"$licence" | tr -d '()')
    if [ "$good" = no ]; then
        echo "$crate: licence '$licence' is not in deny.toml"
        bad=1
    fi
done <<<"$crates"

# All crates come from one place, and that is a registry.
if [ "$(grep '^source = ' Cargo.lock | sort -u | grep -vc '^source = "registry+')" -ne 0 ] ||
    [ "$(grep '^source = ' Cargo.lock | sort -u | wc -l)" -ne 1 ]; then
    echo "crates from elsewhere than the registry: see the sources in Cargo.lock"
    bad=1
fi
echo "$count crates looked at"
[ "$bad" -eq 0 ]
