//! See `zmq::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| zmq::fuzzing::run("websocket", input));
