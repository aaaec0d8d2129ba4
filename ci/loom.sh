#!/usr/bin/env bash
# The lock-free parts of src/pipe under loom, which tries the orders in which two threads may run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A target folder of its own: the flag is seen by every crate.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/loom
# Models of three threads and more are cut short at this number of preemptions, which finds most there is.
export LOOM_MAX_PREEMPTIONS=${LOOM_MAX_PREEMPTIONS:-3}
RUSTFLAGS="--cfg zmq_loom" timeout 900 \
    cargo test --locked --package ferrozmq --lib -- loom_tests
