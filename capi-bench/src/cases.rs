//! What is measured: the table of cases, as command lines of the C program and the numbers to read
//! from what it prints. What may not live here: how runs are made or results are shown.

/// How much time a run of the driver may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Every case, a second or so per run.
    Full,
    /// The cases that matter most, shorter runs.
    Quick,
    /// Every mode once, as short as it goes: does it work at all?
    Smoke,
}

/// Which way a number gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Higher,
    Lower,
}

/// One number of a case, and the ratio to the reference that is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metric {
    /// Added to the case's name where it has more than one metric.
    pub(crate) label: &'static str,
    /// The key in the line that the C program prints.
    pub(crate) key: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
    /// Oriented like the ratios of the table: more than 1 is better than the reference.
    pub(crate) goal: Option<f64>,
}

/// One command line that is run on both libraries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Arguments of the C program; `a|b|c` stands for a (full), b (quick), c (smoke), the last one
    /// given counting for those that are missing.
    pub(crate) args: &'static str,
    pub(crate) metrics: &'static [Metric],
    /// Part of a quick run too.
    pub(crate) quick: bool,
}

impl Case {
    /// The command line at a level.
    pub(crate) fn args(&self, level: Level) -> Vec<&'static str> {
        self.args
            .split_whitespace()
            .map(|word| {
                let mut choices = word.split('|');
                let first = choices.next().unwrap_or(word);
                choices.take(level as usize).last().unwrap_or(first)
            })
            .collect()
    }

    pub(crate) fn runs_at(&self, level: Level) -> bool {
        level != Level::Quick || self.quick
    }
}

const fn metric(key: &'static str, unit: &'static str, better: Better, goal: f64) -> Metric {
    let goal = if goal > 0.0 { Some(goal) } else { None };
    Metric {
        label: "",
        key,
        unit,
        better,
        goal,
    }
}

const fn labelled(label: &'static str, metric: Metric) -> Metric {
    Metric { label, ..metric }
}

const fn rate(goal: f64) -> [Metric; 1] {
    [metric("msgs_per_s", "msg/s", Better::Higher, goal)]
}

const fn latency(goal: f64) -> [Metric; 1] {
    [metric("mean_us", "us", Better::Lower, goal)]
}

const DELIVERIES: Metric = metric("deliveries_per_s", "msg/s", Better::Higher, 2.0);
const SUBSCRIPTIONS: [Metric; 3] = [
    labelled(
        "matched",
        metric("msgs_per_s", "msg/s", Better::Higher, 2.0),
    ),
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

macro_rules! cases {
    ($($name:literal, $args:literal, $metrics:expr, $quick:ident;)*) => {
        &[$(Case { name: $name, args: $args, metrics: &$metrics, quick: cases!(@ $quick) },)*]
    };
    (@ quick) => { true };
    (@ full) => { false };
}

/// Everything that is run on both libraries, in the order of the table.
pub(crate) const CASES: &[Case] = cases! {
    "tcp 10 B", "thr tcp 10 1s|0.5s|0.05s", rate(3.0), quick;
    "tcp 100 B", "thr tcp 100 1s|0.5s|0.05s", rate(3.0), quick;
    "tcp 1 KB", "thr tcp 1024 1s|0.5s|0.05s", rate(2.5), quick;
    "tcp 64 KB", "thr tcp 65536 1s|0.5s|0.05s", rate(1.8), quick;
    // With the default of 1000 messages a run would do little but fill two gigabytes of queues.
    "tcp 1 MB", "thr tcp 1048576 1s|0.5s|0.05s hwm=100", rate(1.4), quick;
    "ipc 10 B", "thr ipc 10 1s|0.5s|0.05s", rate(3.0), quick;
    "ipc 100 B", "thr ipc 100 1s|0.5s|0.05s", rate(3.0), full;
    "ipc 1 KB", "thr ipc 1024 1s|0.5s|0.05s", rate(2.5), quick;
    "ipc 64 KB", "thr ipc 65536 1s|0.5s|0.05s", rate(3.0), quick;
    "ipc 1 MB", "thr ipc 1048576 1s|0.5s|0.05s hwm=100", rate(1.4), full;
    "inproc 10 B", "thr inproc 10 1s|0.5s|0.05s", rate(5.0), quick;
    "inproc 100 B", "thr inproc 100 1s|0.5s|0.05s", rate(5.0), quick;
    "inproc 1 KB", "thr inproc 1024 1s|0.5s|0.05s", rate(0.0), full;
    "inproc 64 KB, zmq_msg_t", "thrmsg inproc 65536 1s|0.5s|0.05s", rate(0.0), full;
    "tcp 100 B, zmq_msg_t", "thrmsg tcp 100 1s|0.5s|0.05s", rate(3.0), full;
    "tcp 100 B, ZMQ_FD", "fdthr tcp 100 1s|0.5s|0.05s", rate(0.0), full;
    "tcp latency 1 B", "lat tcp 1 5000|3000|100", latency(5.0), quick;
    "tcp latency 1 KB", "lat tcp 1024 5000|3000|100", latency(5.0), full;
    "ipc latency 1 B", "lat ipc 1 5000|3000|100", latency(5.0), quick;
    "ipc latency 1 KB", "lat ipc 1024 5000|3000|100", latency(5.0), full;
    "inproc latency 1 B", "lat inproc 1 10000|5000|100", latency(20.0), quick;
    "tcp latency 1 B after 5 ms", "lat tcp 1 150|80|5 5000", latency(2.0), quick;
    "ipc latency 1 B after 5 ms", "lat ipc 1 150|80|5 5000", latency(0.0), full;
    "tcp latency 1 B, ZMQ_FD", "fd tcp 1 5000|3000|100", latency(0.0), quick;
    "curve tcp 100 B", "thr tcp 100 1s|0.5s|0.05s curve", rate(1.5), quick;
    "curve tcp 64 KB", "thr tcp 65536 1s|0.5s|0.05s curve hwm=100", rate(1.5), quick;
    "curve tcp latency 1 B", "lat tcp 1 3000|2000|100 curve", latency(0.0), full;
    "pub to 8 sub, 100 B", "pubsub 8 100 1s|0.5s|0.05s", [DELIVERIES], full;
    "pub to 64 sub, 100 B", "pubsub 64 100 1s|0.5s|0.05s", [DELIVERIES], quick;
    "32 dealers to router, 100 B", "router 32 100 1s|0.5s|0.05s", rate(0.0), quick;
    "1000 dealers to router, 100 B", "router 1000|1000|20 100 1s|0.5s|0.05s", rate(0.0), full;
    "32 dealers, echo, 100 B", "routerecho 32 100 1s|0.5s|0.05s",
        [metric("echoes_per_s", "echo/s", Better::Higher, 0.0)], quick;
    "proxy 100 B", "proxy 100 1s|0.5s|0.05s", rate(2.5), quick;
    "proxy 64 KB", "proxy 65536 1s|0.5s|0.05s", rate(0.0), full;
    "idle connections", "idlemem 10000|2000|50",
        [metric("bytes_per_conn", "B each", Better::Lower, 2.0)], quick;
    "connections set up", "connrate 4000|2000|50",
        [metric("conns_per_s", "conn/s", Better::Higher, 0.0)], quick;
    "connections set up, both sides", "handshakes 2000|1000|60",
        [metric("conns_per_s", "conn/s", Better::Higher, 0.0)], full;
    "curve connections set up", "handshakes 2000|1000|60 curve",
        [metric("conns_per_s", "conn/s", Better::Higher, 1.0)], quick;
    "200,000 subscriptions", "subs 200000|200000|1000 1s|0.5s|0.05s", SUBSCRIPTIONS, quick;
    "1,000,000 subscriptions", "subs 1000000|1000000|2000 1s|0.5s|0.05s", SUBSCRIPTIONS, full;
    "poll on 100 sockets", "poll 100|100|5 0.3|0.2|0.02", POLL, full;
    "poll on 2000 sockets", "poll 2000|2000|10 0.3|0.2|0.02", POLL, quick;
    "at rest", "idle 1|0.5|0.05", [
        labelled("wake-ups", metric("wakeups_per_s", "1/s", Better::Lower, 0.0)),
        labelled("processor", metric("cpu_ms_per_s", "ms/s", Better::Lower, 0.0)),
    ], full;
};

const STREAM: Metric = metric("mbytes_per_s", "MB/s", Better::Higher, 0.0);

/// The kernel without a library, for comparison.
pub(crate) const KERNEL: &[Case] = cases! {
    "tcp stream, 64 KB writes", "rawstream tcp 65536 0.4|0.3|0.05", [STREAM], quick;
    "unix stream, 64 KB writes", "rawstream ipc 65536 0.4|0.3|0.05", [STREAM], quick;
    "tcp ping-pong 1 B, blocking", "rawlat tcp 1 5000|3000|100", latency(0.0), quick;
    "tcp ping-pong 1 B, busy", "rawbusy tcp 1 5000|3000|100", latency(0.0), quick;
    "unix ping-pong 1 B, blocking", "rawlat ipc 1 5000|3000|100", latency(0.0), quick;
    "unix ping-pong 1 B, busy", "rawbusy ipc 1 5000|3000|100", latency(0.0), quick;
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_follow_the_level() {
        let case = Case {
            name: "",
            args: "thr tcp 10 1s|0.5s|0.05s 7|8",
            metrics: &[],
            quick: true,
        };
        assert_eq!(case.args(Level::Full), ["thr", "tcp", "10", "1s", "7"]);
        assert_eq!(case.args(Level::Quick), ["thr", "tcp", "10", "0.5s", "8"]);
        assert_eq!(case.args(Level::Smoke), ["thr", "tcp", "10", "0.05s", "8"]);
    }

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
}
