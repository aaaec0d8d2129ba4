//! The table of cases: everything that is measured, in the order in which it is shown. What may not
//! live here: how it is measured or shown.

use crate::cases::{Better, Case, Metric};

const fn metric(key: &'static str, unit: &'static str, better: Better, goal: f64) -> Metric {
    let goal = if goal > 0.0 { Some(goal) } else { None };
    Metric {
        label: "",
        key,
        unit,
        better,
        goal,
        cpu_goal: None,
    }
}

const fn labelled(label: &'static str, metric: Metric) -> Metric {
    Metric { label, ..metric }
}

/// Throughput of any kind, for which half of the reference's processor time is wanted.
const fn flow(key: &'static str, goal: f64) -> Metric {
    Metric {
        cpu_goal: Some(0.5),
        ..metric(key, "msg/s", Better::Higher, goal)
    }
}

const fn rate(goal: f64) -> [Metric; 1] {
    [flow("msgs_per_s", goal)]
}

const fn latency(goal: f64) -> [Metric; 1] {
    [metric("mean_us", "us", Better::Lower, goal)]
}

const fn connections(key: &'static str, goal: f64) -> Metric {
    metric(key, "conn/s", Better::Higher, goal)
}

const ECHOES: [Metric; 1] = [metric("echoes_per_s", "echo/s", Better::Higher, 0.0)];
const SUBSCRIPTIONS: [Metric; 3] = [
    labelled("matched", flow("msgs_per_s", 2.0)),
    labelled(
        "memory",
        metric("bytes_per_sub", "B each", Better::Lower, 2.0),
    ),
    labelled("set-up", metric("subscribe_s", "s", Better::Lower, 0.0)),
];
const POLL: [Metric; 2] = [
    labelled(
        "none ready",
        metric("idle_poll_us", "us", Better::Lower, 0.0),
    ),
    labelled(
        "one ready",
        metric("ready_poll_us", "us", Better::Lower, 0.0),
    ),
];
const MEMORY: [Metric; 1] = [metric("bytes_per_conn", "B each", Better::Lower, 2.0)];
const TEARDOWN: [Metric; 2] = [
    labelled("peers leave", connections("left_per_s", 0.0)),
    labelled("zmq_close", connections("closed_per_s", 0.0)),
];

macro_rules! cases {
    ($($name:literal, $args:literal, $metrics:expr, $quick:ident;)*) => {
        &[$(Case { name: $name, args: $args, metrics: &$metrics, quick: cases!(@ $quick) },)*]
    };
    (@ quick) => { true };
    (@ full) => { false };
}

/// Everything that is run on both libraries.
pub(crate) const CASES: &[Case] = cases! {
    "tcp 10 B", "thr tcp 10 1s|0.3s|0.05s", rate(3.0), quick;
    "tcp 100 B", "thr tcp 100 1s|0.3s|0.05s", rate(3.0), quick;
    "tcp 1 KB", "thr tcp 1024 1s|0.3s|0.05s", rate(2.5), quick;
    "tcp 64 KB", "thr tcp 65536 1s|0.3s|0.05s", rate(1.8), quick;
    // With the default of 1000 messages a run would do little but fill two gigabytes of queues.
    "tcp 1 MB", "thr tcp 1048576 1s|0.3s|0.05s hwm=100", rate(1.4), quick;
    "ipc 10 B", "thr ipc 10 1s|0.3s|0.05s", rate(3.0), quick;
    "ipc 100 B", "thr ipc 100 1s|0.3s|0.05s", rate(3.0), quick;
    "ipc 1 KB", "thr ipc 1024 1s|0.3s|0.05s", rate(2.5), quick;
    "ipc 64 KB", "thr ipc 65536 1s|0.3s|0.05s", rate(3.0), quick;
    "ipc 1 MB", "thr ipc 1048576 1s|0.3s|0.05s hwm=100", rate(1.4), quick;
    "inproc 10 B", "thr inproc 10 1s|0.3s|0.05s", rate(5.0), quick;
    "inproc 100 B", "thr inproc 100 1s|0.3s|0.05s", rate(5.0), quick;
    "inproc 1 KB", "thr inproc 1024 1s|0.3s|0.05s", rate(0.0), full;
    "inproc 64 KB", "thr inproc 65536 1s|0.3s|0.05s", rate(0.0), full;
    "inproc 64 KB, zmq_msg_t", "thrmsg inproc 65536 1s|0.3s|0.05s", rate(0.0), full;
    "inproc 1 MB", "thr inproc 1048576 1s|0.3s|0.05s hwm=100", rate(0.0), full;
    "tcp 100 B, zmq_msg_t", "thrmsg tcp 100 1s|0.3s|0.05s", rate(3.0), full;
    "tcp 100 B, ZMQ_FD", "fdthr tcp 100 1s|0.3s|0.05s", rate(0.0), full;
    "tcp 3 x 100 B", "thr tcp 100 1s|0.3s|0.05s parts=3", rate(0.0), quick;
    "inproc 3 x 100 B", "thr inproc 100 1s|0.3s|0.05s parts=3", rate(0.0), quick;
    "8 threads to one, tcp 100 B", "thr tcp 100 1s|0.3s|0.05s senders=8", rate(1.0), quick;
    "8 threads to one, inproc 100 B", "thr inproc 100 1s|0.3s|0.05s senders=8", rate(1.0), full;
    "tcp 100 B, busy machine", "thr tcp 100 1s|0.3s|0.05s busy", rate(1.0), quick;
    "tcp latency 1 B", "lat tcp 1 5000|3000|100", latency(5.0), quick;
    "tcp latency 1 KB", "lat tcp 1024 5000|3000|100", latency(5.0), quick;
    "ipc latency 1 B", "lat ipc 1 5000|3000|100", latency(5.0), quick;
    "ipc latency 1 KB", "lat ipc 1024 5000|3000|100", latency(5.0), full;
    "inproc latency 1 B", "lat inproc 1 10000|5000|100", latency(20.0), quick;
    "inproc latency 1 KB", "lat inproc 1024 10000|5000|100", latency(20.0), full;
    "tcp latency 1 B after 5 ms", "lat tcp 1 150|80|5 5000", latency(2.0), quick;
    "ipc latency 1 B after 5 ms", "lat ipc 1 150|80|5 5000", latency(0.0), full;
    "tcp latency 1 B after 100 ms", "lat tcp 1 12|5|1 100000", latency(0.0), quick;
    "tcp latency 1 B, ZMQ_FD", "fd tcp 1 5000|3000|100", latency(0.0), quick;
    "tcp latency 1 B, busy machine", "lat tcp 1 5000|3000|20 busy", latency(1.0), quick;
    "curve tcp 10 B", "thr tcp 10 1s|0.3s|0.05s curve", rate(0.0), full;
    "curve tcp 100 B", "thr tcp 100 1s|0.3s|0.05s curve", rate(1.5), quick;
    "curve tcp 1 KB", "thr tcp 1024 1s|0.3s|0.05s curve", rate(0.0), full;
    "curve tcp 64 KB", "thr tcp 65536 1s|0.3s|0.05s curve hwm=100", rate(1.5), quick;
    "curve tcp 1 MB", "thr tcp 1048576 1s|0.3s|0.05s curve hwm=20", rate(0.0), full;
    "curve tcp latency 1 B", "lat tcp 1 3000|2000|100 curve", latency(0.0), quick;
    "pub to 1 sub, 100 B", "pubsub 1 100 1s|0.3s|0.05s", [flow("deliveries_per_s", 0.0)], full;
    "pub to 8 sub, 100 B", "pubsub 8 100 1s|0.3s|0.05s", [flow("deliveries_per_s", 0.0)], quick;
    "pub to 64 sub, 100 B", "pubsub 64 100 1s|0.3s|0.05s", [flow("deliveries_per_s", 2.0)], quick;
    "1 dealer to router, 100 B", "router 1 100 1s|0.3s|0.05s", rate(0.0), full;
    "10 dealers to router, 100 B", "router 10 100 1s|0.3s|0.05s", rate(0.0), full;
    "100 dealers to router, 100 B", "router 100|100|20 100 1s|0.3s|0.05s", rate(0.0), quick;
    "1000 dealers to router, 100 B", "router 1000|1000|20 100 1s|0.3s|0.05s", rate(0.0), quick;
    "1 dealer, echo, 100 B", "routerecho 1 100 1s|0.3s|0.05s", ECHOES, full;
    "100 dealers, echo, 100 B", "routerecho 100|100|20 100 1s|0.3s|0.05s", ECHOES, quick;
    "1000 dealers, echo, 100 B", "routerecho 1000|1000|20 100 1s|0.3s|0.05s", ECHOES, full;
    "proxy 100 B", "proxy 100 1s|0.3s|0.05s", rate(2.5), quick;
    "proxy 64 KB", "proxy 65536 1s|0.3s|0.05s", rate(0.0), full;
    "1,000 idle connections", "idlemem 1000|1000|50", MEMORY, quick;
    "10,000 idle connections", "idlemem 10000|10000|50", MEMORY, full;
    "connections set up", "connrate 4000|2000|50", [connections("conns_per_s", 0.0)], quick;
    "connections set up, both sides", "handshakes 2000|1000|60",
        [connections("conns_per_s", 0.0)], full;
    "curve connections set up", "handshakes 2000|1000|60 curve",
        [connections("conns_per_s", 1.0)], quick;
    "connections torn down", "teardown 2000|1000|50", TEARDOWN, quick;
    "1,000 subscriptions", "subs 1000 1s|0.3s|0.05s", SUBSCRIPTIONS, full;
    "100,000 subscriptions", "subs 100000|100000|1000 1s|0.3s|0.05s", SUBSCRIPTIONS, full;
    "200,000 subscriptions", "subs 200000|200000|1000 1s|0.3s|0.05s", SUBSCRIPTIONS, quick;
    "1,000,000 subscriptions", "subs 1000000|1000000|2000 1s|0.3s|0.05s", SUBSCRIPTIONS, full;
    "poll on 1 socket", "poll 1 0.2|0.1|0.02", POLL, full;
    "poll on 10 sockets", "poll 10 0.2|0.1|0.02", POLL, full;
    "poll on 100 sockets", "poll 100|100|20 0.2|0.1|0.02", POLL, full;
    "poll on 1000 sockets", "poll 1000|1000|20 0.2|0.1|0.02", POLL, full;
    "poll on 2000 sockets", "poll 2000|2000|20 0.2|0.1|0.02", POLL, quick;
    "at rest", "idle 1|0.5|0.05", [
        labelled("wake-ups", metric("wakeups_per_s", "1/s", Better::Lower, 0.0)),
        labelled("processor", metric("cpu_ms_per_s", "ms/s", Better::Lower, 0.0)),
    ], full;
};

const STREAM: Metric = metric("mbytes_per_s", "MB/s", Better::Higher, 0.0);

/// The kernel without a library, and the case that does the same with one.
pub(crate) const KERNEL: &[(Case, &str)] = &[
    (
        kernel(
            "tcp stream, 64 KB writes",
            "rawstream tcp 65536 0.4|0.3|0.05",
            &[STREAM],
        ),
        "tcp 64 KB",
    ),
    (
        kernel(
            "unix stream, 64 KB writes",
            "rawstream ipc 65536 0.4|0.3|0.05",
            &[STREAM],
        ),
        "ipc 64 KB",
    ),
    (
        kernel(
            "tcp ping-pong 1 B, blocking",
            "rawlat tcp 1 5000|3000|100",
            &latency(0.0),
        ),
        "tcp latency 1 B",
    ),
    (
        kernel(
            "tcp ping-pong 1 B, busy",
            "rawbusy tcp 1 5000|3000|100",
            &latency(0.0),
        ),
        "tcp latency 1 B",
    ),
    (
        kernel(
            "unix ping-pong 1 B, blocking",
            "rawlat ipc 1 5000|3000|100",
            &latency(0.0),
        ),
        "ipc latency 1 B",
    ),
    (
        kernel(
            "unix ping-pong 1 B, busy",
            "rawbusy ipc 1 5000|3000|100",
            &latency(0.0),
        ),
        "ipc latency 1 B",
    ),
];

const fn kernel(name: &'static str, args: &'static str, metrics: &'static [Metric]) -> Case {
    Case {
        name,
        args,
        metrics,
        quick: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for (i, case) in CASES.iter().enumerate() {
            assert!(
                CASES[..i].iter().all(|other| other.name != case.name),
                "{}",
                case.name
            );
        }
    }

    #[test]
    fn the_kernel_stands_beside_a_case() {
        for (kernel, beside) in KERNEL {
            assert!(
                CASES.iter().any(|case| case.name == *beside),
                "{}",
                kernel.name
            );
        }
    }
}
