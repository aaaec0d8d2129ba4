#!/usr/bin/env bash
# README's first command: the release library, the C examples on it, and a program of the system's
# libzmq on it, where there is one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

examples-c/quickstart.sh
