#!/usr/bin/env bash
# Licences and sources of all crates, those of tests included: only what deny.toml allows, only from the registry.
# No version that was taken back (yanked), and none with a known vulnerability.
#
# With cargo-deny it checks all of that. Without it, the first three are checked by what is here. Vulnerabilities
# take cargo-deny and the database of RustSec, a repository that not every machine can reach: where either is
# missing, this says so, and does not fail.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Licences and sources, without cargo-deny.
by_hand() {
    local bad=0 count=0 crates allowed except crate licence name good choice whole term
    # One line per crate: name, licence expression, source.
    crates=$(cargo tree --locked --workspace --edges normal,build,dev --target all --prefix none --no-dedupe \
        --format '{p}|{l}' | sed 's/ (proc-macro)//; s/ (\*)//' | sort -u)
    allowed=$(sed -n '/^allow = \[/,/^\]/s/^ *"\(.*\)",\{0,1\}$/\1/p' deny.toml)
    except=$(sed -n 's/.*crate = "\([^"]*\)", allow = \["\([^"]*\)"\].*/\1=\2/p' deny.toml)

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
    echo "licences and sources: $count crates looked at, without cargo-deny"
    return "$bad"
}

# Versions that were taken back, without the database: cargo looks them up when it makes a package.
yanked() {
    local said
    said=$(CARGO_TARGET_DIR=$(mktemp -d) && export CARGO_TARGET_DIR && trap 'rm -rf "$CARGO_TARGET_DIR"' EXIT &&
        cargo package --package ferrozmq --locked --no-verify --allow-dirty 2>&1) || {
        echo "$said"
        return 1
    }
    ! grep 'is yanked' <<<"$said" || return 1
    echo "yanked versions: none"
}

bad=0
deny=no
cargo deny --version >/dev/null 2>&1 && deny=yes

if [ "$deny" = yes ]; then
    cargo deny --locked check bans licenses sources || bad=1
else
    by_hand || bad=1
fi
if [ "$deny" = yes ] && cargo deny fetch db 2>/dev/null; then
    cargo deny --locked check advisories || bad=1
else
    yanked || bad=1
    if [ "$deny" = yes ]; then
        echo "vulnerabilities: NOT CHECKED, the database of advisories cannot be reached from here"
    else
        echo "vulnerabilities: NOT CHECKED, cargo-deny is not installed"
    fi
fi
exit "$bad"
