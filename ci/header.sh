#!/usr/bin/env bash
# include/zmq.h is what src/capi says, compiles as C89, C99 and C++98, and keeps the contract; the
# library exports its functions and nothing else. Part of ci/test.sh; here for running it alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo test --locked --package ferrozmq --test header --test exports --test layout
