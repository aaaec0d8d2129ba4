//! Tracing: a line for each event in the life of contexts, sockets, endpoints and connections, for whoever
//! asks for it by an environment variable (`docs/diagnostics.md`).
//!
//! What lives here: which topics are traced, and how a line is written. Where it goes is in `output`. What
//! may not: a line about a message, or anything else that happens often; knowledge of the layers
//! that trace, `runtime` and `io`. The layers below have nothing to say here: they return errors, and
//! whoever deals with one traces it.
//!
//! Untraced, an event costs one relaxed load. The environment is looked at once, when the first
//! context is made. A forked child goes on as its parent did.

mod output;

use std::fmt::{Display, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use crate::errno::Errno;
use crate::socket_type::SocketType;
use crate::sys::fork::Once;
use crate::sys::{env, thread};
use output::Output;

/// What is traced: a list of topics, or `1` for all.
const VARIABLE: &str = "FERROZMQ_TRACE";
/// The file that lines are appended to, instead of stderr.
const FILE_VARIABLE: &str = "FERROZMQ_TRACE_FILE";
/// Longest line in bytes, its end included. A pipe takes 4096 as one piece (`pipe(7)`); what was lost is told
/// in the rest.
const LINE_MAX: usize = 4064;

/// A kind of events that can be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Topic {
    /// Contexts: their beginning and end, and what the end waits for.
    Context = 1,
    /// Sockets: opened, closed.
    Socket = 2,
    /// Endpoints: bound, connected to, taken back, refused.
    Endpoint = 4,
    /// Connections: accepted, made, lost, tried again.
    Connection = 8,
    /// Handshakes: their results.
    Handshake = 16,
}

const TOPICS: [Topic; 5] = [
    Topic::Context,
    Topic::Socket,
    Topic::Endpoint,
    Topic::Connection,
    Topic::Handshake,
];

impl Topic {
    const fn name(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Socket => "socket",
            Self::Endpoint => "endpoint",
            Self::Connection => "connection",
            Self::Handshake => "handshake",
        }
    }
}

/// The topics that are traced, as bits.
static TRACED: AtomicU32 = AtomicU32::new(0);
static OUTPUT: OnceLock<Output> = OnceLock::new();

/// Looks at the environment, once per process.
pub fn init() {
    static LOOKED: Once<()> = Once::new();
    LOOKED.get_or_make(|| {
        let Some(wanted) = env::trusted_var(VARIABLE) else {
            return;
        };
        let wanted = wanted.to_string_lossy();
        let (topics, unknown) = parse(&wanted);
        if topics == 0 && unknown.is_empty() {
            return;
        }
        let file = env::trusted_var(FILE_VARIABLE).filter(|file| !file.is_empty());
        let opened = file.as_deref().map(Output::file);
        let (output, trouble) = match opened {
            Some(Ok(output)) => (Ok(output), None),
            // Whoever asked for lines shall learn why there are none in the file.
            Some(Err(error)) => (Output::stderr(), Some(Errno::from_io(&error))),
            None => (Output::stderr(), None),
        };
        let Ok(output) = output else {
            return;
        };
        let output = OUTPUT.get_or_init(|| output);
        if let (Some(errno), Some(file)) = (trouble, &file) {
            let fields: Fields<'_> = &[
                ("variable", &FILE_VARIABLE),
                ("value", &file.display()),
                ("reason", &Reason(errno)),
            ];
            output.write(line(now(), "trace", "file-failed", fields).as_bytes());
        }
        for word in unknown {
            let fields: Fields<'_> = &[("variable", &VARIABLE), ("value", &word)];
            output.write(line(now(), "trace", "unknown-topic", fields).as_bytes());
        }
        TRACED.store(topics, Ordering::Relaxed);
    });
}

/// The topics in a list, and the words in it that are none.
fn parse(list: &str) -> (u32, Vec<&str>) {
    let mut topics = 0;
    let mut unknown = Vec::new();
    for word in list.split([',', ' ']).filter(|word| !word.is_empty()) {
        match word {
            "0" | "none" | "off" => {}
            "1" | "all" => topics |= TOPICS.iter().fold(0, |all, &topic| all | topic as u32),
            _ => match TOPICS.iter().find(|topic| topic.name() == word) {
                Some(&topic) => topics |= topic as u32,
                None => unknown.push(word),
            },
        }
    }
    (topics, unknown)
}

/// Whether events of this topic are traced.
#[inline]
#[must_use]
pub fn is_on(topic: Topic) -> bool {
    TRACED.load(Ordering::Relaxed) & topic as u32 != 0
}

/// What a line says: keys and values, in the order in which they are written.
pub type Fields<'a> = &'a [(&'static str, &'a dyn Display)];

/// Traces an event, if its topic is traced. Never blocks, never fails.
#[inline]
pub fn event(topic: Topic, what: &str, fields: Fields<'_>) {
    if is_on(topic) {
        write(topic, what, fields);
    }
}

#[cold]
fn write(topic: Topic, what: &str, fields: Fields<'_>) {
    let Some(output) = OUTPUT.get() else { return };
    if !output.write(line(now(), topic.name(), what, fields).as_bytes()) {
        // Nobody will ever read it.
        TRACED.store(0, Ordering::Relaxed);
    }
}

fn now() -> Duration {
    // A clock that stands before 1970 is shown as 1970.
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

/// A socket as traces name it: its type, and a number of its own in the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketName {
    socket_type: SocketType,
    number: u32,
}

impl SocketName {
    /// A name that no other socket has.
    #[must_use]
    pub fn new(socket_type: SocketType) -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        Self {
            socket_type,
            number: LAST.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }
}

impl Display for SocketName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.socket_type.name(), self.number)
    }
}

/// A number for a context, as [`SocketName`] has one.
#[must_use]
pub fn context_number() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// Bytes that are text as a rule: endpoints.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Display for Bytes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.0))
    }
}

/// Why something failed, by the symbol that C has for it, in every language of the system.
#[derive(Clone, Copy, Debug)]
pub struct Reason(pub Errno);

impl Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "errno-{}", self.0.0),
        }
    }
}

/// A whole line: `TIME ferrozmq PID TID TOPIC EVENT KEY=VALUE...`.
fn line(time: Duration, topic: &str, what: &str, fields: Fields<'_>) -> String {
    let mut line = String::with_capacity(160);
    push_time(&mut line, time);
    let pid = std::process::id();
    let tid = thread::id();
    // Writing to a string cannot fail.
    let _ = write!(line, " ferrozmq {pid} {tid} {topic} {what}");
    let mut value = String::new();
    for (key, shown) in fields {
        value.clear();
        let _ = write!(value, "{shown}");
        line.push(' ');
        line.push_str(key);
        line.push('=');
        push_value(&mut line, &value);
    }
    if line.len() >= LINE_MAX {
        let mut end = LINE_MAX - 4;
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        line.truncate(end);
        line.push_str("...");
    }
    line.push('\n');
    line
}

/// UTC, with microseconds: `2026-01-31T23:59:59.000001Z` (RFC 3339).
fn push_time(line: &mut String, since_1970: Duration) {
    let seconds = since_1970.as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    // Years of this calendar begin with March, so that the day that some lack comes last. An era is 400
    // of them, after which everything repeats.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year + next;
    let _ = write!(
        line,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}.{:06}Z",
        second % 60,
        since_1970.subsec_micros()
    );
}

/// A value as it is, or between quotes where it could be taken for something else. What peers and programs
/// put into it cannot end the line or make a terminal do things.
fn push_value(line: &mut String, value: &str) {
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && c != '"' && c != '\\';
    if !value.is_empty() && value.chars().all(is_plain) {
        line.push_str(value);
        return;
    }
    line.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => line.extend(['\\', c]),
            c if c.is_control() => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(since_1970: u64, micros: u64) -> String {
        let mut text = String::new();
        push_time(
            &mut text,
            Duration::from_secs(since_1970) + Duration::from_micros(micros),
        );
        text
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        assert_eq!(time(0, 0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(time(951_782_399, 1), "2000-02-28T23:59:59.000001Z");
        assert_eq!(time(951_782_400, 0), "2000-02-29T00:00:00.000000Z");
        assert_eq!(time(951_868_800, 0), "2000-03-01T00:00:00.000000Z");
        assert_eq!(time(1_709_164_800, 0), "2024-02-29T00:00:00.000000Z");
        assert_eq!(time(1_735_689_599, 999_999), "2024-12-31T23:59:59.999999Z");
        assert_eq!(time(4_102_444_800, 0), "2100-01-01T00:00:00.000000Z");
        assert_eq!(time(4_107_542_400, 0), "2100-03-01T00:00:00.000000Z");
    }

    #[test]
    fn topics_are_read_from_a_list() {
        let all = 31;
        assert_eq!(parse(""), (0, vec![]));
        assert_eq!(parse("0"), (0, vec![]));
        assert_eq!(parse("1"), (all, vec![]));
        assert_eq!(parse("all"), (all, vec![]));
        assert_eq!(parse("context, handshake,,"), (17, vec![]));
        assert_eq!(parse("sockets,connection"), (8, vec!["sockets"]));
    }

    #[test]
    fn values_cannot_break_a_line() {
        let fields: Fields<'_> = &[
            ("plain", &"tcp://[::1]:5"),
            ("empty", &""),
            ("odd", &"a \"b\"\\\n\u{1b}[2J"),
        ];
        let line = line(Duration::ZERO, "socket", "opened", fields);
        let (_, told) = line.split_once("socket opened ").expect("topic and event");
        assert_eq!(
            told,
            "plain=tcp://[::1]:5 empty=\"\" odd=\"a \\\"b\\\"\\\\\\u{a}\\u{1b}[2J\"\n"
        );
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        let long = "\u{e4}".repeat(LINE_MAX);
        let line = line(Duration::ZERO, "socket", "opened", &[("long", &long)]);
        assert!(line.len() <= LINE_MAX);
        assert!(line.ends_with("\u{e4}...\n"));
    }
}
