//! Proxies: messages from one socket to another, both ways (`zmq_proxy(3)`, `zmq_proxy_steerable(3)`).

use super::core::SocketHandle;
use super::options::{POLLIN, POLLOUT};
use super::poll::{PollItem, poll};
use super::transfer::{DONTWAIT, SNDMORE};
use crate::errno::{Errno, Result};
use crate::msg::Msg;
use crate::socket_type::SocketType;
use crate::sys::sleep::Bed;

/// Messages passed in one direction before the other has its turn.
const BURST: usize = 1000;

/// What passed through one side of a proxy.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    /// Each frame counts, as in the reference library.
    messages: u64,
    bytes: u64,
}

impl Count {
    fn add(&mut self, bytes: u64) {
        self.messages += 1;
        self.bytes += bytes;
    }
}

#[derive(Debug, Default)]
struct Side {
    received: Count,
    sent: Count,
}

/// What the proxy goes on to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Paused,
    Terminated,
}

struct Proxy {
    frontend: SocketHandle,
    backend: SocketHandle,
    capture: Option<SocketHandle>,
    control: Option<SocketHandle>,
    state: State,
    /// Counts of the frontend and the backend.
    sides: [Side; 2],
}

/// Passes messages until the context ends or the control socket says so.
///
/// # Errors
/// `ETERM`, `EINTR`, `ENOTSOCK`, and what sending to or receiving from the sockets fails with.
pub async fn proxy(
    bed: &Bed,
    frontend: SocketHandle,
    backend: SocketHandle,
    capture: Option<SocketHandle>,
    control: Option<SocketHandle>,
) -> Result<()> {
    let mut proxy = Proxy {
        frontend,
        backend,
        capture,
        control,
        state: State::Running,
        sides: Default::default(),
    };
    while proxy.state != State::Terminated {
        proxy.turn(bed).await?;
    }
    Ok(())
}

impl Proxy {
    async fn turn(&mut self, bed: &Bed) -> Result<()> {
        let mut passed = false;
        if self.state == State::Running {
            passed = self.pass(bed, 0).await?;
            if self.frontend != self.backend {
                passed |= self.pass(bed, 1).await?;
            }
        }
        if let Some(control) = self.control {
            match control.recv(bed, DONTWAIT).await {
                Ok(command) => return self.obey(bed, control, &command).await,
                Err(Errno::EAGAIN) => {}
                Err(errno) => return Err(errno),
            }
        }
        if passed { Ok(()) } else { self.wait(bed).await }
    }

    /// Sleeps until one direction has both a message and room for it, or a command comes.
    async fn wait(&self, bed: &Bed) -> Result<()> {
        let mut items = Vec::with_capacity(3);
        let mut watch = |socket: SocketHandle, events: i16| {
            items.push(PollItem {
                socket: Some(socket),
                fd: -1,
                events,
                revents: 0,
            });
        };
        if self.state == State::Running {
            if self.frontend == self.backend {
                watch(self.frontend, POLLIN);
            } else {
                // Where one side has messages already, what is missing is room at the other.
                let front = is_ready(self.frontend, POLLIN)?;
                let back = is_ready(self.backend, POLLIN)?;
                let wants = |has: bool, other: bool| {
                    (if has { 0 } else { POLLIN }) | (if other { POLLOUT } else { 0 })
                };
                watch(self.frontend, wants(front, back));
                watch(self.backend, wants(back, front));
            }
        }
        if let Some(control) = self.control {
            watch(control, POLLIN);
        }
        poll(bed, &mut items, None, None).await.map(|_| ())
    }

    /// Passes what there is from one side (0: the frontend) to the other; whether there was any.
    async fn pass(&mut self, bed: &Bed, from: usize) -> Result<bool> {
        let sockets = [self.frontend, self.backend];
        let (source, sink) = (sockets[from], sockets[1 - from]);
        for n in 0..BURST {
            // A message is taken only if it can be passed on: in our hands it would be beyond the
            // high-water marks.
            if source != sink && !is_ready(sink, POLLOUT)? {
                return Ok(n > 0);
            }
            let mut flags = DONTWAIT;
            loop {
                let mut frame = match source.recv(bed, flags).await {
                    Ok(frame) => frame,
                    Err(Errno::EAGAIN) if flags == DONTWAIT => return Ok(n > 0),
                    Err(errno) => return Err(errno),
                };
                // The frames of a message come together.
                flags = 0;
                let bytes = frame.len() as u64;
                let more = frame.is_more();
                let send_flags = if more { SNDMORE } else { 0 };
                if let Some(capture) = self.capture {
                    capture.send(bed, &mut frame.share(), send_flags).await?;
                }
                sink.send(bed, &mut frame, send_flags).await?;
                self.sides[from].received.add(bytes);
                self.sides[1 - from].sent.add(bytes);
                if !more {
                    break;
                }
            }
        }
        Ok(true)
    }

    async fn obey(&mut self, bed: &Bed, control: SocketHandle, command: &Msg) -> Result<()> {
        let mut more = command.is_more();
        while more {
            more = control.recv(bed, 0).await?.is_more();
        }
        match command.data() {
            b"PAUSE" => self.state = State::Paused,
            b"RESUME" => self.state = State::Running,
            b"TERMINATE" => self.state = State::Terminated,
            b"STATISTICS" => return self.tell_statistics(bed, control).await,
            // Whoever sent it gets an answer all the same, if the pattern demands one.
            _ => {}
        }
        if control.lock()?.ty == SocketType::Rep {
            control.send(bed, &mut Msg::new(), 0).await?;
        }
        Ok(())
    }

    async fn tell_statistics(&self, bed: &Bed, control: SocketHandle) -> Result<()> {
        let numbers: Vec<u64> = self
            .sides
            .iter()
            .flat_map(|side| {
                let Side { received, sent } = side;
                [received.messages, received.bytes, sent.messages, sent.bytes]
            })
            .collect();
        for (index, number) in numbers.iter().enumerate() {
            let flags = if index + 1 < numbers.len() {
                SNDMORE
            } else {
                0
            };
            let number = number.to_ne_bytes();
            control.send_bytes(bed, &number, flags).await?;
        }
        Ok(())
    }
}

fn is_ready(socket: SocketHandle, events: i16) -> Result<bool> {
    let mut socket = socket.lock()?;
    socket.enter()?;
    let socket = &mut *socket;
    Ok(match events {
        POLLIN => socket.pattern.can_recv(&mut socket.pipes),
        _ => socket.pattern.can_send(&mut socket.pipes),
    })
}
