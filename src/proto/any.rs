//! Either engine under one name, for sessions that drive both kinds of connection.
//!
//! Dispatch only.

use std::time::Instant;

use super::mechanism::{Task, TaskDone};
use super::raw::RawEngine;
use super::{Engine, EngineError, Input, OutBuf, PeerInfo, Sink};
use crate::msg::{Msg, RxBuf};

/// A ZMTP engine or a raw one. The methods are those of [`Engine`].
#[derive(Debug)]
pub enum AnyEngine {
    /// ZMTP.
    Zmtp(Box<Engine>),
    /// Bytes as they are.
    Raw(RawEngine),
}

impl AnyEngine {
    /// See [`Engine::handle_input`].
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn handle_input<S: Sink>(
        &mut self,
        rx: &mut RxBuf,
        sink: &mut S,
        out: &mut OutBuf,
        now: Instant,
    ) -> Result<Input, EngineError> {
        match self {
            Self::Zmtp(engine) => engine.handle_input(rx, sink, out, now),
            Self::Raw(engine) => engine.handle_input(rx, sink),
        }
    }

    /// See [`Engine::encode`].
    #[inline]
    pub fn encode(&mut self, msg: Msg, out: &mut OutBuf) -> bool {
        match self {
            Self::Zmtp(engine) => engine.encode(msg, out),
            Self::Raw(engine) => {
                engine.encode(msg, out);
                true
            }
        }
    }

    /// See [`Engine::fault`].
    #[must_use]
    pub fn fault(&self) -> Option<EngineError> {
        match self {
            Self::Zmtp(engine) => engine.fault(),
            Self::Raw(_) => None,
        }
    }

    /// See [`Engine::say_goodbye`].
    pub fn say_goodbye(&mut self, out: &mut OutBuf) {
        if let Self::Zmtp(engine) = self {
            engine.say_goodbye(out);
        }
    }

    /// See [`Engine::passes_runs`].
    #[must_use]
    #[inline]
    pub fn passes_runs(&self) -> bool {
        match self {
            Self::Zmtp(engine) => engine.passes_runs(),
            Self::Raw(_) => false,
        }
    }

    /// See [`Engine::peer`].
    #[must_use]
    pub fn peer(&self) -> Option<&PeerInfo> {
        match self {
            Self::Zmtp(engine) => engine.peer(),
            Self::Raw(engine) => engine.peer(),
        }
    }

    /// See [`Engine::is_established`].
    #[must_use]
    #[inline]
    pub fn is_established(&self) -> bool {
        match self {
            Self::Zmtp(engine) => engine.is_established(),
            Self::Raw(engine) => engine.is_established(),
        }
    }

    /// See [`Engine::poll_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Zmtp(engine) => engine.poll_timeout(),
            Self::Raw(engine) => engine.poll_timeout(),
        }
    }

    /// See [`Engine::peer_pings`].
    #[must_use]
    pub const fn peer_pings(&self) -> bool {
        match self {
            Self::Zmtp(engine) => engine.peer_pings(),
            Self::Raw(_) => false,
        }
    }

    /// See [`Engine::handle_timeout`].
    ///
    /// # Errors
    /// As there.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut OutBuf) -> Result<(), EngineError> {
        match self {
            Self::Zmtp(engine) => engine.handle_timeout(now, out),
            Self::Raw(_) => Ok(()),
        }
    }

    /// See [`Engine::take_zap_request`].
    pub fn take_zap_request(&mut self) -> Option<Vec<Msg>> {
        match self {
            Self::Zmtp(engine) => engine.take_zap_request(),
            Self::Raw(_) => None,
        }
    }

    /// See [`Engine::handle_zap_reply`].
    ///
    /// # Errors
    /// As there.
    pub fn handle_zap_reply(
        &mut self,
        frames: Vec<Msg>,
        out: &mut OutBuf,
    ) -> Result<(), EngineError> {
        match self {
            Self::Zmtp(engine) => engine.handle_zap_reply(frames, out),
            Self::Raw(_) => Ok(()),
        }
    }

    /// See [`Engine::handle_zap_absent`].
    ///
    /// # Errors
    /// As there.
    pub fn handle_zap_absent(&mut self, out: &mut OutBuf) -> Result<(), EngineError> {
        match self {
            Self::Zmtp(engine) => engine.handle_zap_absent(out),
            Self::Raw(_) => Ok(()),
        }
    }

    /// See [`Engine::take_task`].
    pub fn take_task(&mut self) -> Option<Task> {
        match self {
            Self::Zmtp(engine) => engine.take_task(),
            Self::Raw(_) => None,
        }
    }

    /// See [`Engine::handle_task`].
    ///
    /// # Errors
    /// As there.
    pub fn handle_task(&mut self, done: TaskDone, out: &mut OutBuf) -> Result<(), EngineError> {
        match self {
            Self::Zmtp(engine) => engine.handle_task(done, out),
            Self::Raw(_) => Ok(()),
        }
    }
}
