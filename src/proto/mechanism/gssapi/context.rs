//! What the mechanism needs of a security context, and how its slow steps leave the thread that
//! drives the connection.

use std::fmt::Debug;

use crate::errno::Errno;

/// Why a context failed. It is of no use afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextError {
    /// What the peer sent is not genuine, damaged, repeated or out of order.
    Refused,
    /// This side lacks something: credentials (`EACCES`), a usable name (`EINVAL`), memory, a
    /// thread.
    Local(Errno),
}

/// What a step of the handshake led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// For the peer; empty if there is nothing to tell.
    pub token: Vec<u8>,
    /// Whether the context is established.
    pub complete: bool,
}

/// One side of a security context (RFC 2743), in the role that its source gave it.
///
/// A context moves between threads, but is used by one at a time. [`Self::establish`] is called on
/// a thread of its own kind, see [`Task`]; the others on the thread that drives the connection:
/// they compute and do not wait. Dropping it may happen on any thread.
pub trait SecurityContext: Send + Debug {
    /// One step of the handshake, with the peer's token: any bytes that a peer can think of. An
    /// initiator's first step comes without one. May wait for other machines.
    ///
    /// It must not be complete before the peer is known to be who it says (mutually), and before
    /// what [`Self::seal`] makes is confidential, if the source's user asked for that.
    ///
    /// # Errors
    /// [`ContextError`]
    fn establish(&mut self, token: &[u8]) -> Result<Progress, ContextError>;

    /// The name of the peer of a complete context.
    ///
    /// # Errors
    /// [`ContextError`]
    fn peer(&mut self) -> Result<Vec<u8>, ContextError>;

    /// Protects `plain` and gives the token to `take`, once.
    ///
    /// # Errors
    /// [`ContextError`]
    fn seal(&mut self, plain: &[u8], take: &mut dyn FnMut(&[u8])) -> Result<(), ContextError>;

    /// Opens a token. What was inside ends where the token ended; gives where it begins.
    ///
    /// # Errors
    /// [`ContextError`]
    fn open(&mut self, token: &mut [u8]) -> Result<usize, ContextError>;
}

/// Makes contexts, one for each connection.
pub trait ContextSource: Send + Sync + Debug {
    /// A context that has not begun. Never waits: what needs waiting belongs to the first step.
    fn context(&self) -> Box<dyn SecurityContext>;
}

/// Who waits for whom in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskRole {
    /// The initiator asks a server for tickets, and waits for it as long as it takes.
    Initiate,
    /// The acceptor reads its keys.
    Accept,
}

/// A step of a handshake that may wait, to be run on a thread that may be kept waiting.
#[derive(Debug)]
pub struct Task {
    context: Box<dyn SecurityContext>,
    token: Vec<u8>,
    role: TaskRole,
}

impl Task {
    pub(super) fn new(context: Box<dyn SecurityContext>, token: Vec<u8>, role: TaskRole) -> Self {
        Self {
            context,
            token,
            role,
        }
    }

    /// Who waits.
    #[must_use]
    pub fn role(&self) -> TaskRole {
        self.role
    }

    /// Does the step. May wait.
    #[must_use]
    pub fn run(mut self) -> TaskDone {
        let outcome = self.context.establish(&self.token);
        TaskDone {
            context: self.context,
            outcome,
        }
    }

    /// The outcome where the step cannot be done.
    #[must_use]
    pub fn give_up(self, errno: Errno) -> TaskDone {
        TaskDone {
            context: self.context,
            outcome: Err(ContextError::Local(errno)),
        }
    }
}

/// A step that was done, for the mechanism that asked for it.
#[derive(Debug)]
pub struct TaskDone {
    pub(super) context: Box<dyn SecurityContext>,
    pub(super) outcome: Result<Progress, ContextError>,
}
