//! Traces what a context waits for while it ends: the question that `zmq_ctx_term(3)` itself does not answer.
//!
//! It looks and tells; nothing here changes what the waiting does.

use std::time::{Duration, Instant};

use super::context::Context;
use crate::sys::cancel::Shield;
use crate::trace::{self, Topic};

/// How long a context may take to end before that is worth a line; then every time it has taken twice
/// as long.
const FIRST: Duration = Duration::from_secs(2);
/// Most sockets and connections that are named at a time.
const NAMED: usize = 100;

/// One wait, from its beginning.
pub(super) struct WaitWatch {
    began: Instant,
    /// When to tell next; `None` if contexts are not traced.
    next: Option<Duration>,
}

impl WaitWatch {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            next: trace::is_on(Topic::Context).then_some(FIRST),
        }
    }

    /// How long to wait before [`WaitWatch::tell`] may have something to say.
    pub(super) fn patience(&self) -> Option<Duration> {
        Some(self.next?.saturating_sub(self.began.elapsed()))
    }

    /// Tells what the context waits for, if it is time.
    pub(super) fn tell(&mut self, context: &Context) {
        let Some(next) = self.next else { return };
        let waited = self.began.elapsed();
        if waited < next {
            return;
        }
        let _shield = Shield::new();
        self.next = Some(waited * 2);
        let seconds = waited.as_secs();
        let number = context.number;

        let sockets = context.sockets.lock().clone();
        for link in sockets.iter().take(NAMED) {
            // A socket that a thread is at right now is named without its endpoints.
            let endpoints = link
                .handle
                .try_lock()
                .map(|socket| socket.endpoint_names())
                .unwrap_or_default();
            let fields: trace::Fields<'_> = &[
                ("context", &number),
                ("seconds", &seconds),
                ("for", &"close"),
                ("socket", &link.name),
                ("endpoint", &endpoints),
            ];
            trace::event(Topic::Context, "waiting", fields);
        }
        let connections: Vec<_> = {
            let census = context.census.lock();
            census.values().take(NAMED).cloned().collect()
        };
        // Those of open sockets end with them.
        let of_closed = connections
            .iter()
            .filter(|(socket, _)| !sockets.iter().any(|link| link.name == *socket));
        for (socket, endpoint) in of_closed {
            let fields: trace::Fields<'_> = &[
                ("context", &number),
                ("seconds", &seconds),
                ("for", &"messages"),
                ("socket", socket),
                ("endpoint", endpoint),
            ];
            trace::event(Topic::Context, "waiting", fields);
        }
    }
}
