//! Addresses of TIPC, by the kernel's public header `linux/tipc.h`, which the `libc` crate does not have.

/// Where a TIPC socket is, or what it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tipc {
    /// One that has no name, only what the kernel calls it
    Unbound,
    /// A socket, by what the kernel of its node calls it
    Socket {
        /// The node, 0 if it is this one and has no address
        node: u32,
        /// The socket's number
        port: u32,
    },
    /// Whoever serves an instance of a service
    Service {
        /// The type of service
        service: u32,
        /// The instance
        instance: u32,
        /// The nodes that it is looked for on, 0 for all of the cluster
        domain: u32,
    },
    /// The instances of a service that a socket serves
    Range {
        /// The type of service
        service: u32,
        /// The first instance
        lower: u32,
        /// The last instance
        upper: u32,
    },
}

const SERVICE_RANGE: u8 = 1;
const SERVICE_ADDR: u8 = 2;
const SOCKET_ADDR: u8 = 3;

/// All nodes of the cluster see what is served.
const CLUSTER_SCOPE: i8 = 2;

/// `struct sockaddr_tipc`
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct SockaddrTipc {
    family: libc::sa_family_t,
    kind: u8,
    scope: i8,
    /// A union of rows of numbers, by the kind: port and node; service, instance and domain; service and range.
    numbers: [u32; 3],
}

impl From<Tipc> for SockaddrTipc {
    fn from(address: Tipc) -> Self {
        let (kind, scope, numbers) = match address {
            Tipc::Unbound => (SOCKET_ADDR, 0, [0; 3]),
            Tipc::Socket { node, port } => (SOCKET_ADDR, 0, [port, node, 0]),
            Tipc::Service {
                service,
                instance,
                domain,
            } => (SERVICE_ADDR, 0, [service, instance, domain]),
            Tipc::Range {
                service,
                lower,
                upper,
            } => (SERVICE_RANGE, CLUSTER_SCOPE, [service, lower, upper]),
        };
        Self {
            family: libc::AF_TIPC as libc::sa_family_t,
            kind,
            scope,
            numbers,
        }
    }
}

impl SockaddrTipc {
    /// `None`: of a kind that there is not.
    pub(super) fn read(&self) -> Option<Tipc> {
        let [first, second, third] = self.numbers;
        Some(match self.kind {
            SOCKET_ADDR if (first, second) == (0, 0) => Tipc::Unbound,
            SOCKET_ADDR => Tipc::Socket {
                node: second,
                port: first,
            },
            SERVICE_ADDR => Tipc::Service {
                service: first,
                instance: second,
                domain: third,
            },
            SERVICE_RANGE => Tipc::Range {
                service: first,
                lower: second,
                upper: third,
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `cc` makes of the header's names, byte by byte (little-endian machines).
    #[test]
    #[cfg(target_endian = "little")]
    fn the_layout_is_the_kernel_s() {
        let bytes = |address: Tipc| {
            let raw = super::super::Raw::new(&super::super::Address::Tipc(address)).expect("fits");
            assert_eq!(raw.len, 16);
            raw.bytes()[..16].to_vec()
        };
        assert_eq!(
            bytes(Tipc::Range {
                service: 5560,
                lower: 1,
                upper: 0x0102_0304
            }),
            [30, 0, 1, 2, 0xB8, 0x15, 0, 0, 1, 0, 0, 0, 4, 3, 2, 1]
        );
        assert_eq!(
            bytes(Tipc::Service {
                service: 5560,
                instance: 7,
                domain: 0x0100_2003
            }),
            [30, 0, 2, 0, 0xB8, 0x15, 0, 0, 7, 0, 0, 0, 3, 0x20, 0, 1]
        );
        assert_eq!(
            bytes(Tipc::Socket { node: 9, port: 258 }),
            [30, 0, 3, 0, 2, 1, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]
        );
    }
}
