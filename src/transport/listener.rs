//! Listening on an address, and who may come in.

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::address::{self, IpcAddress, TcpAddress, WsAddress, WsName, endpoint_of};
use super::stream::Stream;
use super::tls::Tls;
use super::{dial, resolve, tune};
use crate::errno::{Errno, Result};
use crate::option::SocketOptions;
use crate::sys::sockaddr::{Address, Tipc};
use crate::sys::{fork, net, socket};

/// A bound socket that accepts connections; non-blocking. Dropping it ends that and removes what
/// it made in the file system.
#[derive(Debug)]
pub struct Listener {
    // Before `fd`: as long as the socket is open its inode cannot be another's.
    _file: Option<SocketFile>,
    fd: OwnedFd,
    /// Whether the application made it (`ZMQ_USE_FD`)
    is_adopted: bool,
    endpoint: Vec<u8>,
    /// What it serves, if that has a name of its own
    service: Option<Vec<u8>>,
    /// How WebSockets are named
    name: Option<Arc<WsName>>,
    /// What is beneath WebSockets
    tls: Option<Tls>,
}

/// What came of an attempt to accept.
#[derive(Debug)]
pub enum Accepted {
    /// A connection
    Stream(Stream),
    /// One that a filter turned away: there may be more
    Rejected,
    /// Nothing for now: wait until the listener is readable
    WouldBlock,
}

impl Listener {
    /// Binds and listens. A name that is no interface's is looked up, which may block.
    ///
    /// With `ZMQ_USE_FD` the application's descriptor is taken as it is, and its file is left alone.
    ///
    /// # Errors
    /// `EADDRINUSE`, `EADDRNOTAVAIL`, `ENODEV` (no such interface), `EACCES`, `ENOENT` (no such
    /// directory), `ENAMETOOLONG`, `EMFILE`, `EINVAL` (inproc, udp, or a descriptor that does not
    /// listen), and others of `bind(2)`.
    pub fn bind(address: &address::Address, options: &SocketOptions) -> Result<Self> {
        let tls = match address {
            address::Address::Ws(address) => Tls::to_bind(address, options)?,
            _ => None,
        };
        let listener = match address {
            address::Address::Inproc(_)
            | address::Address::Norm(_)
            | address::Address::Pgm(_)
            | address::Address::Udp(_) => Err(Errno::EINVAL),
            _ if options.use_fd != -1 => Self::adopt(options.use_fd),
            address::Address::Tcp(address) => Self::bind_tcp(address, options),
            address::Address::Ws(address) => Self::bind_tcp(&address.place, options),
            address::Address::Ipc(address) => Self::bind_ipc(address, options),
            address::Address::Vsock(at) => Self::bind_other(&Address::Vsock(*at), options),
            address::Address::Tipc(at) => Self::bind_other(&Address::Tipc(*at), options),
        }?;
        Ok(match address {
            address::Address::Ws(address) => Self {
                tls,
                ..listener.named(address)
            },
            _ => listener,
        })
    }

    /// The same for WebSockets.
    fn named(mut self, address: &WsAddress) -> Self {
        let name = WsName::of_server(address);
        self.endpoint = name.of(&self.endpoint);
        self.name = Some(Arc::new(name));
        self
    }

    /// The address in the form of `ZMQ_LAST_ENDPOINT`, with the port or path that was chosen.
    #[must_use]
    pub fn endpoint(&self) -> &[u8] {
        &self.endpoint
    }

    /// What monitors call it: the endpoint, but for tipc the service that it was bound to.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.service.as_deref().unwrap_or(&self.endpoint)
    }

    /// Undoes the bind, for one that cannot be served: the application's descriptor is the application's again.
    pub fn abandon(self) {
        if self.is_adopted {
            socket::give_back(self.fd);
        }
    }

    /// Accepts a connection if one waits and the filters let it in.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM` (the connection goes on waiting: pause before the
    /// next attempt), `ECONNABORTED`, `EPROTO`, `EPERM` and others of `accept(2)` (it is gone: go
    /// on).
    pub fn accept(&self, options: &SocketOptions) -> Result<Accepted> {
        let (fd, peer) = match socket::accept(self.fd.as_fd()) {
            Ok(accepted) => accepted,
            Err(error) => {
                return match error.raw_os_error() {
                    Some(libc::EAGAIN) => Ok(Accepted::WouldBlock),
                    Some(libc::EINTR) => Ok(Accepted::Rejected),
                    _ => Err(error.into()),
                };
            }
        };
        let welcome = match &peer {
            Some(Address::Ip(peer)) => {
                let filters = &options.tcp_accept_filters;
                filters.is_empty() || filters.iter().any(|filter| filter.admits(peer.ip()))
            }
            // The kernel says of peers without a network who they are; of others there is no filter.
            Some(Address::Vsock(_) | Address::Tipc(_)) => true,
            _ => !options.filters_ipc() || admits_process(fd.as_fd(), options),
        };
        if !welcome {
            return Ok(Accepted::Rejected);
        }
        match &peer {
            Some(Address::Ip(_)) => {
                tune::connection(fd.as_fd(), options);
                tune::retransmission(fd.as_fd(), options.tcp_maxrt);
            }
            Some(peer) => tune::common(fd.as_fd(), peer, options),
            None => {}
        }
        let mut stream = Stream::new(fd, peer).named(self.name.clone());
        if let Some(tls) = &self.tls {
            stream.secure(tls)?;
        }
        Ok(Accepted::Stream(stream))
    }

    fn adopt(fd: RawFd) -> Result<Self> {
        let fd = socket::adopt_listener(fd)?;
        let local = match socket::local_address(fd.as_fd()) {
            Ok(local) => local,
            Err(error) => {
                socket::give_back(fd);
                return Err(error.into());
            }
        };
        Ok(Self {
            _file: None,
            fd,
            is_adopted: true,
            endpoint: endpoint_of(&local),
            service: None,
            name: None,
            tls: None,
        })
    }

    fn bind_tcp(address: &TcpAddress, options: &SocketOptions) -> Result<Self> {
        if let Some(source) = &address.source {
            resolve::resolve_bind(source, options.ipv6)?;
        }
        let local = resolve::resolve_bind(&address.target, options.ipv6)?;
        let (fd, local) = dial::tcp_socket(local)?;
        // Connections of a former listener that linger in TIME_WAIT do not keep the port.
        socket::set_int(fd.as_fd(), libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
        tune::before(fd.as_fd(), &local, options)?;
        socket::bind(fd.as_fd(), &local)?;
        socket::listen(fd.as_fd(), options.backlog)?;
        let endpoint = endpoint_of(&socket::local_address(fd.as_fd())?);
        Ok(Self {
            _file: None,
            fd,
            is_adopted: false,
            endpoint,
            service: None,
            name: None,
            tls: None,
        })
    }

    fn bind_other(local: &Address, options: &SocketOptions) -> Result<Self> {
        let fd = Self::listen(local, options)?;
        let endpoint = endpoint_of(&socket::local_address(fd.as_fd())?);
        let named = matches!(local, Address::Tipc(Tipc::Range { .. }));
        Ok(Self {
            _file: None,
            fd,
            is_adopted: false,
            endpoint,
            service: named.then(|| endpoint_of(local)),
            name: None,
            tls: None,
        })
    }

    fn bind_ipc(address: &IpcAddress, options: &SocketOptions) -> Result<Self> {
        let mut directory = None;
        let path = match address {
            IpcAddress::Abstract(name) => {
                let local = Address::Abstract(name.clone());
                let fd = Self::listen(&local, options)?;
                return Ok(Self {
                    _file: None,
                    fd,
                    is_adopted: false,
                    endpoint: address.to_endpoint(),
                    service: None,
                    name: None,
                    tls: None,
                });
            }
            IpcAddress::Path(path) => path.clone(),
            IpcAddress::Wildcard => {
                let made = TemporaryDirectory(net::temporary_directory(&temporary_parent())?);
                let path = made.0.join("socket").into_os_string();
                directory = Some(made);
                path.into_vec()
            }
        };
        let local = Address::Path(path.clone());
        let endpoint = IpcAddress::Path(path.clone()).to_endpoint();
        // As it is now: the process may change its directory.
        let path = std::path::absolute(Path::new(OsStr::from_bytes(&path)))?;
        let (fd, file) = {
            let _guard = FILES.lock();
            replace(&path);
            let fd = Self::bound(&local, options)?;
            (fd, SocketFile::new(path, directory)?)
        };
        // Where that fails the file goes, before the descriptor.
        socket::listen(fd.as_fd(), options.backlog)?;
        Ok(Self {
            _file: Some(file),
            fd,
            is_adopted: false,
            endpoint,
            service: None,
            name: None,
            tls: None,
        })
    }

    /// A socket that listens, of any family that needs nothing else.
    fn listen(local: &Address, options: &SocketOptions) -> Result<OwnedFd> {
        let fd = Self::bound(local, options)?;
        socket::listen(fd.as_fd(), options.backlog)?;
        Ok(fd)
    }

    /// The same before it listens.
    fn bound(local: &Address, options: &SocketOptions) -> Result<OwnedFd> {
        let fd = socket::stream(local)?;
        tune::before(fd.as_fd(), local, options)?;
        if *local != Address::Tipc(Tipc::Unbound) {
            socket::bind(fd.as_fd(), local)?;
        }
        Ok(fd)
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Held while the file of a unix socket is made or removed, so that within the process a listener
/// that goes never takes the file of one that comes.
static FILES: fork::Lock = fork::Lock::new();

/// The file of a unix socket, removed when dropped if it is still the same.
#[derive(Debug)]
struct SocketFile {
    /// Absolute: the process may change its directory
    path: PathBuf,
    device: u64,
    inode: u64,
    /// A forked child that closes its copy leaves the file to its parent.
    process: u32,
    directory: Option<TemporaryDirectory>,
}

impl SocketFile {
    /// Of a socket that was just bound, while [`FILES`] is held.
    fn new(path: PathBuf, directory: Option<TemporaryDirectory>) -> Result<Self> {
        let metadata = std::fs::symlink_metadata(&path).inspect_err(|_| {
            // Nobody else had the time to take its place.
            let _ = std::fs::remove_file(&path);
        })?;
        let (device, inode) = (metadata.dev(), metadata.ino());
        Ok(Self {
            path,
            device,
            inode,
            process: std::process::id(),
            directory,
        })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            if let Some(directory) = self.directory.take() {
                std::mem::forget(directory);
            }
            return;
        }
        let _guard = FILES.lock();
        let ours = std::fs::symlink_metadata(&self.path)
            .is_ok_and(|there| (there.dev(), there.ino()) == (self.device, self.inode));
        if ours {
            // Whoever removed it first has done what was to be done.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A directory for one socket, removed when dropped.
#[derive(Debug)]
struct TemporaryDirectory(PathBuf);

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        // Not empty means that somebody put something there: let it be.
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// Where `ipc://*` makes its directories, as the reference has it: the directory that the
/// environment names for temporary files, else the current one.
fn temporary_parent() -> PathBuf {
    ["TMPDIR", "TEMPDIR", "TMP"]
        .into_iter()
        .filter_map(std::env::var_os)
        .map(PathBuf::from)
        .find(|path| path.is_dir())
        .unwrap_or_default()
}

/// Removes what a new socket overrides (`zmq_ipc(7)`): another socket, of a listener that lives or
/// that died. Also an empty file, with which some programs reserve a name; never data.
fn replace(path: &Path) {
    let replaceable = std::fs::symlink_metadata(path).is_ok_and(|there| {
        there.file_type().is_socket() || (there.file_type().is_file() && there.len() == 0)
    });
    if replaceable {
        // If that fails, so does the bind.
        let _ = std::fs::remove_file(path);
    }
}

/// Whether the process at the other end passes one of the filters by process, user and group.
fn admits_process(fd: BorrowedFd<'_>, options: &SocketOptions) -> bool {
    let Ok(who) = socket::peer_credentials(fd) else {
        return false;
    };
    let groups = &options.ipc_filter_gid;
    options.ipc_filter_pid.contains(&who.pid)
        || options.ipc_filter_uid.contains(&who.uid)
        || groups.contains(&who.gid)
        || (!groups.is_empty()
            && socket::peer_groups(fd)
                .is_ok_and(|theirs| theirs.iter().any(|group| groups.contains(group))))
}
