//! Setting and reading the options of a socket through the table.

use std::time::Duration;

use zeroize::{Zeroize, Zeroizing};

use super::fields::SocketOptions;
use super::security::{Mechanism, parse_key};
use super::table::{Access, Kind, OptionSpec, Special, find};
use super::{AcceptFilter, Change, OptionWriter, id};
use crate::errno::{Errno, Result};
use crate::socket_type::SocketType;
use crate::util::z85;

impl SocketOptions {
    /// Sets the option `id` (`zmq_setsockopt(3)`); a null value of length zero is an empty slice.
    ///
    /// # Errors
    /// `EINVAL`: no such option, not for this type of socket, read only, or a bad size or value.
    pub fn set<'v>(&mut self, id: i32, value: &'v [u8]) -> Result<Change<'v>> {
        let spec = find(id).ok_or(Errno::EINVAL)?;
        let manual = self.xpub_manual
            && matches!(
                spec.kind,
                Kind::Special(Special::Subscribe | Special::Unsubscribe)
            );
        if spec.access == Access::Read || !(spec.types.include(self.socket_type) || manual) {
            return Err(Errno::EINVAL);
        }
        match spec.kind {
            Kind::Int { place, min, max } => *(place.of_mut)(self) = int(value, min, max)?,
            Kind::Bool(place) => *(place.of_mut)(self) = int(value, 0, 1)? != 0,
            Kind::Switch(place) => *(place.of_mut)(self) = int(value, 0, i32::MAX)? != 0,
            Kind::Truth(place) => *(place.of_mut)(self) = int(value, i32::MIN, i32::MAX)? != 0,
            Kind::Millis { place, none, min } => {
                let millis = int(value, min, i32::MAX)?;
                *(place.of_mut)(self) = (millis != none)
                    .then(|| Duration::from_millis(u64::try_from(millis).unwrap_or(0)));
            }
            Kind::I64(place) => *(place.of_mut)(self) = i64::from_ne_bytes(sized(value)?),
            Kind::U64(place) => *(place.of_mut)(self) = u64::from_ne_bytes(sized(value)?),
            Kind::Text { place, min, max } | Kind::Binary { place, min, max } => {
                if value.len() < min || value.len() > max {
                    return Err(Errno::EINVAL);
                }
                // It may be a password that is replaced.
                let place = (place.of_mut)(self);
                place.zeroize();
                *place = value.to_vec();
            }
            Kind::Key(place) => parse_key(value, (place.of_mut)(self))?,
            Kind::Server(mechanism) => self.security.set_server(mechanism, int(value, 0, 1)? != 0),
            Kind::Special(special) => match special {
                Special::Subscribe => return Ok(Change::Subscribe(value)),
                Special::Unsubscribe => return Ok(Change::Unsubscribe(value)),
                _ => self.set_special(special, value)?,
            },
            Kind::State => return Err(Errno::EINVAL),
        }
        if let Some(then) = spec.then {
            then(self);
        }
        Ok(match id {
            id::SNDHWM | id::RCVHWM => Change::Hwm,
            id::LINGER => Change::Linger,
            _ if spec.pattern => Change::Pattern(id),
            _ => Change::Stored,
        })
    }

    /// Writes the value of the option `id` (`zmq_getsockopt(3)`).
    ///
    /// What only the socket itself knows (`Kind::State`: `RCVMORE`, `FD`, `EVENTS`,
    /// `LAST_ENDPOINT`, `THREAD_SAFE`, `TOPICS_COUNT`) is not for here.
    ///
    /// # Errors
    /// `EINVAL`: no such option, write only, or a buffer of the wrong size.
    pub fn get(&self, id: i32, out: &mut OptionWriter<'_>) -> Result<()> {
        let spec = find(id).ok_or(Errno::EINVAL)?;
        if spec.access == Access::Write {
            return Err(Errno::EINVAL);
        }
        self.write(spec, out)
    }

    /// The largest message to accept in bytes, `None`: no limit.
    #[must_use]
    pub fn max_msg_size(&self) -> Option<u64> {
        u64::try_from(self.maxmsgsize).ok()
    }

    /// Whether queues keep the newest message only: `ZMQ_CONFLATE`, for the types that it is meant for
    /// (`zmq_setsockopt(3)`). The others have messages of several frames, or state in them.
    #[must_use]
    pub fn conflates(&self) -> bool {
        use SocketType::{Dealer, Pub, Pull, Push, Sub};
        self.conflate && matches!(self.socket_type, Dealer | Pub | Pull | Push | Sub)
    }

    /// Whether any of the filters by process, user or group is set.
    #[must_use]
    pub fn filters_ipc(&self) -> bool {
        !(self.ipc_filter_pid.is_empty()
            && self.ipc_filter_uid.is_empty()
            && self.ipc_filter_gid.is_empty())
    }

    /// Whether accepted peers are to be checked by a ZAP handler (RFC 27).
    #[must_use]
    pub fn wants_zap(&self) -> bool {
        self.security.mechanism != Mechanism::Null || !self.security.zap_domain.is_empty()
    }

    /// Whether the connections need more than plain NULL: a mechanism or ZAP.
    #[must_use]
    pub fn needs_security(&self) -> bool {
        self.security.mechanism != Mechanism::Null || self.wants_zap()
    }

    fn write(&self, spec: &OptionSpec, out: &mut OptionWriter<'_>) -> Result<()> {
        match spec.kind {
            Kind::Int { place, .. } => out.int(*(place.of)(self)),
            Kind::Bool(place) | Kind::Switch(place) | Kind::Truth(place) => {
                out.int(i32::from(*(place.of)(self)))
            }
            Kind::Millis { place, none, .. } => out.int(millis(*(place.of)(self), none)),
            Kind::I64(place) => out.i64(*(place.of)(self)),
            Kind::U64(place) => out.u64(*(place.of)(self)),
            Kind::Text { place, .. } => out.text((place.of)(self)),
            Kind::Binary { place, .. } => out.bytes((place.of)(self)),
            Kind::Key(place) => {
                let key = (place.of)(self);
                match out.capacity() {
                    32 => out.bytes(key),
                    41 => {
                        let text = Zeroizing::new(z85::encode(key).ok_or(Errno::EINVAL)?);
                        out.text(text.as_bytes())
                    }
                    _ => Err(Errno::EINVAL),
                }
            }
            Kind::Server(mechanism) => out.int(i32::from(self.security.is_server(mechanism))),
            Kind::Special(Special::Type) => out.int(self.socket_type as i32),
            Kind::Special(Special::Mechanism) => out.int(self.security.mechanism as i32),
            Kind::Special(Special::Ipv4Only) => out.int(i32::from(!self.ipv6)),
            Kind::Special(Special::HeartbeatTtl) => out.int(millis(self.heartbeat_ttl, 0)),
            Kind::Special(_) | Kind::State => Err(Errno::EINVAL),
        }
    }

    fn set_special(&mut self, special: Special, value: &[u8]) -> Result<()> {
        match special {
            Special::Ipv4Only => self.ipv6 = int(value, 0, 1)? == 0,
            Special::HeartbeatTtl => {
                // The wire has 16 bits of tenths of a second; a rest below one is cut off, which
                // the reference also does with what is negative by less than that.
                let tenths = int(value, -99, 6_553_599)? / 100;
                self.heartbeat_ttl =
                    (tenths > 0).then(|| Duration::from_millis(u64::from(tenths as u32) * 100));
            }
            Special::Metadata => self.metadata.push(parse_metadata(value)?),
            Special::TcpAcceptFilter if value.is_empty() => self.tcp_accept_filters.clear(),
            Special::TcpAcceptFilter => {
                self.tcp_accept_filters
                    .push(AcceptFilter::parse(value, self.ipv6)?);
            }
            Special::IpcFilterPid if value.is_empty() => self.ipc_filter_pid.clear(),
            Special::IpcFilterPid => self.ipc_filter_pid.push(i32::from_ne_bytes(sized(value)?)),
            Special::IpcFilterUid if value.is_empty() => self.ipc_filter_uid.clear(),
            Special::IpcFilterUid => self.ipc_filter_uid.push(u32::from_ne_bytes(sized(value)?)),
            Special::IpcFilterGid if value.is_empty() => self.ipc_filter_gid.clear(),
            Special::IpcFilterGid => self.ipc_filter_gid.push(u32::from_ne_bytes(sized(value)?)),
            Special::Type | Special::Mechanism | Special::Subscribe | Special::Unsubscribe => {
                return Err(Errno::EINVAL);
            }
        }
        Ok(())
    }
}

/// A string option without the NUL that ends it and all that follows.
#[must_use]
pub fn trimmed(text: &[u8]) -> &[u8] {
    text.split(|&byte| byte == 0).next().unwrap_or_default()
}

fn sized<const N: usize>(value: &[u8]) -> Result<[u8; N]> {
    value.try_into().map_err(|_| Errno::EINVAL)
}

fn int(value: &[u8], min: i32, max: i32) -> Result<i32> {
    let value = i32::from_ne_bytes(sized(value)?);
    if (min..=max).contains(&value) {
        Ok(value)
    } else {
        Err(Errno::EINVAL)
    }
}

fn millis(value: Option<Duration>, none: i32) -> i32 {
    value.map_or(none, |value| {
        i32::try_from(value.as_millis()).unwrap_or(i32::MAX)
    })
}

/// Reads `X-name:value`, with or without a terminating NUL.
fn parse_metadata(value: &[u8]) -> Result<(String, Vec<u8>)> {
    let colon = value
        .iter()
        .position(|&byte| byte == b':')
        .ok_or(Errno::EINVAL)?;
    let (name, value) = (&value[..colon], trimmed(&value[colon + 1..]));
    let name = std::str::from_utf8(name).map_err(|_| Errno::EINVAL)?;
    let good = name.starts_with("X-") && (3..=255).contains(&name.len()) && !value.is_empty();
    if !good || name.contains('\0') {
        return Err(Errno::EINVAL);
    }
    Ok((name.to_owned(), value.to_vec()))
}
