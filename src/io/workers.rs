//! Threads for calls that may wait long: resolvers of names, steps of a GSSAPI handshake.
//!
//! They serve the whole process while there is something to do, and end when there is not; so a program
//! that needs none never has one.

use std::collections::VecDeque;

use super::contain::contain;
use crate::errno::{Errno, Result};
use crate::sys::{fork, thread};

/// Called on a worker; or at once by who brought it, with `EAGAIN`, where no thread can be had.
pub(super) type Job = Box<dyn FnOnce(Result<()>) + Send>;

/// Threads of one kind, a limited number at a time.
pub(super) struct Workers {
    name: &'static str,
    most: usize,
    state: fork::Mutex<State>,
}

struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    /// The process that the threads live in: a forked child has none of them.
    generation: u32,
}

impl Workers {
    pub(super) const fn new(name: &'static str, most: usize) -> Self {
        Self {
            name,
            most,
            state: fork::Mutex::new(State {
                jobs: VecDeque::new(),
                threads: 0,
                generation: 0,
            }),
        }
    }

    /// Has the job done. Never waits.
    pub(super) fn run(&'static self, job: Job) {
        let mut state = self.state.lock();
        let generation = fork::generation();
        if state.generation != generation {
            state.generation = generation;
            state.threads = 0;
            // Jobs that the parent's threads will do; even dropping them may be theirs.
            std::mem::forget(std::mem::take(&mut state.jobs));
        }
        state.jobs.push_back(job);
        if state.threads >= self.most {
            return;
        }
        let spawned = thread::spawn(self.name.to_owned(), || self.serve());
        if spawned.is_ok() {
            state.threads += 1;
        } else if state.threads == 0 {
            // No thread can be had: this try fails, and a later one may do better.
            let jobs = std::mem::take(&mut state.jobs);
            drop(state);
            for job in jobs {
                job(Err(Errno::EAGAIN));
            }
        }
    }

    fn serve(&'static self) {
        while let Some(job) = self.next_job() {
            contain("a worker", || job(Ok(())));
        }
    }

    /// `None`: the worker ends.
    fn next_job(&'static self) -> Option<Job> {
        let mut state = self.state.lock();
        let job = state.jobs.pop_front();
        if job.is_none() {
            state.threads -= 1;
        }
        job
    }
}
