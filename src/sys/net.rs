//! Names of hosts, network interfaces and temporary directories.

use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::ptr;

use super::fork;
use super::sockaddr::{self, Address};

/// The first address of a host, numeric or by name, with port 0. A name may block on the network.
///
/// Behind a `%` a host may have its interface, see [`zone_index`]; it counts for IPv6 addresses.
///
/// With `ipv6` that is an IPv6 address, a mapped one if the host has only IPv4 ones; without it
/// an IPv4 address.
///
/// # Errors
/// `EINVAL` if there is no such address, or nobody who knows; what the system lacks to find out: `EMFILE`, `ENOMEM` ...
pub fn lookup(host: &str, ipv6: bool) -> io::Result<SocketAddr> {
    let invalid = || io::Error::from_raw_os_error(libc::EINVAL);
    // Most are numbers, for which the resolver would be set up in vain (and taken down by each thread's end).
    if let Ok(address) = host.parse::<IpAddr>() {
        let address = match address {
            IpAddr::V4(v4) if ipv6 => v4.to_ipv6_mapped().into(),
            IpAddr::V6(v6) if !ipv6 => v6.to_ipv4_mapped().ok_or_else(invalid)?.into(),
            address => address,
        };
        return Ok((address, 0).into());
    }
    // The resolver takes names of interfaces behind link-local addresses only.
    if let Some((address, zone)) = host.rsplit_once('%') {
        let index = zone_index(zone)?;
        return Ok(match lookup(address, ipv6)? {
            SocketAddr::V6(v6) if v6.ip().to_ipv4_mapped().is_none() => {
                SocketAddrV6::new(*v6.ip(), 0, 0, index).into()
            }
            v4 => v4,
        });
    }
    let host = CString::new(host).map_err(|_| invalid())?;
    // SAFETY: plain integers and null pointers.
    let mut hints: libc::addrinfo = unsafe { MaybeUninit::zeroed().assume_init() };
    hints.ai_family = if ipv6 { libc::AF_INET6 } else { libc::AF_INET };
    hints.ai_socktype = libc::SOCK_STREAM;
    hints.ai_flags = if ipv6 { libc::AI_V4MAPPED } else { 0 };
    let mut list = ptr::null_mut();
    let (result, error) = fork::apart_from_forks(|| {
        // SAFETY: a terminated string and valid hints; the result is written to `list`.
        let result = unsafe {
            libc::getaddrinfo(
                host.as_ptr(),
                ptr::null(),
                ptr::from_ref(&hints),
                &raw mut list,
            )
        };
        (result, io::Error::last_os_error())
    });
    match result {
        0 if !list.is_null() => {}
        libc::EAI_MEMORY => return Err(io::Error::from_raw_os_error(libc::ENOMEM)),
        libc::EAI_SYSTEM if error.raw_os_error() != Some(0) => return Err(error),
        _ => return Err(invalid()),
    }
    // SAFETY: not null, so the first entry of the list, which lives until it is freed below.
    let address = unsafe { (*list).ai_addr };
    // SAFETY: null or a whole address of the resolver's making.
    let address = unsafe { sockaddr::read(address) };
    // SAFETY: a list that the resolver made, freed once.
    unsafe { libc::freeaddrinfo(list) };
    match address {
        Some(Address::Ip(address)) => Ok(address),
        _ => Err(invalid()),
    }
}

/// The first address of the network interface `name`, with port 0; `None` if there is none.
///
/// # Errors
/// Those of `getifaddrs(3)`.
pub fn interface(name: &str, ipv6: bool) -> io::Result<Option<SocketAddr>> {
    let mut list = ptr::null_mut();
    // SAFETY: writes the head of a list that is freed below.
    unsafe { syscall!(getifaddrs(&raw mut list)) }?;
    let mut found = None;
    let mut next = list;
    while found.is_none() && !next.is_null() {
        // SAFETY: an entry of the list, which lives until it is freed below.
        let entry = unsafe { &*next };
        next = entry.ifa_next;
        // SAFETY: every entry has a terminated name.
        let its_name = unsafe { CStr::from_ptr(entry.ifa_name) };
        if its_name.to_bytes() != name.as_bytes() {
            continue;
        }
        // SAFETY: null or a whole address of the C library's making.
        found = match unsafe { sockaddr::read(entry.ifa_addr) } {
            Some(Address::Ip(address)) if address.is_ipv6() == ipv6 => Some(address),
            _ => None,
        };
    }
    // SAFETY: the list that the call made, freed once.
    unsafe { libc::freeifaddrs(list) };
    Ok(found)
}

/// The name of the network interface that has this address; `None` if none has.
///
/// # Errors
/// Those of `getifaddrs(3)`.
pub fn interface_with(address: IpAddr) -> io::Result<Option<String>> {
    let mut list = ptr::null_mut();
    // SAFETY: writes the head of a list that is freed below.
    unsafe { syscall!(getifaddrs(&raw mut list)) }?;
    let mut found = None;
    let mut next = list;
    while found.is_none() && !next.is_null() {
        // SAFETY: an entry of the list, which lives until it is freed below.
        let entry = unsafe { &*next };
        next = entry.ifa_next;
        // SAFETY: null or a whole address of the C library's making.
        let its = unsafe { sockaddr::read(entry.ifa_addr) };
        if matches!(its, Some(Address::Ip(its)) if its.ip() == address) {
            // SAFETY: every entry has a terminated name.
            let name = unsafe { CStr::from_ptr(entry.ifa_name) };
            found = Some(name.to_string_lossy().into_owned());
        }
    }
    // SAFETY: the list that the call made, freed once.
    unsafe { libc::freeifaddrs(list) };
    Ok(found)
}

/// The number of the network interface `name`; `None` if there is none.
///
/// Not by `if_nametoindex(3)`, which does not tell that there was no descriptor to ask by.
///
/// # Errors
/// Those of `socket(2)`: `EMFILE`, `ENFILE` ...
pub fn interface_index(name: &str) -> io::Result<Option<u32>> {
    // SAFETY: plain integers and bytes, and null pointers.
    let mut request: libc::ifreq = unsafe { MaybeUninit::zeroed().assume_init() };
    let is_cut = name.len() >= request.ifr_name.len();
    if is_cut || name.is_empty() || name.contains('\0') {
        return Ok(None);
    }
    for (to, &from) in request.ifr_name.iter_mut().zip(name.as_bytes()) {
        *to = from as libc::c_char;
    }
    let socket = UnixDatagram::unbound()?;
    // SAFETY: a whole request with a terminated name, which the kernel writes the number to.
    match unsafe {
        syscall!(ioctl(
            socket.as_raw_fd(),
            libc::SIOCGIFINDEX,
            &raw mut request
        ))
    } {
        // SAFETY: the member that was written.
        Ok(_) => Ok(u32::try_from(unsafe { request.ifr_ifru.ifru_ifindex }).ok()),
        Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The number of an interface as addresses have it behind a `%`, by name or as it is.
///
/// # Errors
/// `EINVAL` for what is neither; those of [`interface_index`].
pub fn zone_index(zone: &str) -> io::Result<u32> {
    if let Ok(number @ 1..) = zone.parse() {
        return Ok(number);
    }
    interface_index(zone)?.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))
}

/// Makes a directory `tmpXXXXXX` in `parent` for this user alone, named as nothing else is.
///
/// # Errors
/// Those of `mkdtemp(3)`: `EACCES`, `ENOENT`, `ENOSPC` ...
pub fn temporary_directory(parent: &Path) -> io::Result<PathBuf> {
    let template = parent.join("tmpXXXXXX");
    let template = CString::new(template.as_os_str().as_bytes())
        .map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    let raw = template.into_raw();
    // SAFETY: a terminated string that only this function has; only the Xs are overwritten.
    let made = unsafe { libc::mkdtemp(raw) };
    let error = io::Error::last_os_error();
    // SAFETY: the pointer came from `into_raw`, and the string kept its length.
    let template = unsafe { CString::from_raw(raw) };
    if made.is_null() {
        return Err(error);
    }
    Ok(PathBuf::from(std::ffi::OsString::from_vec(
        template.into_bytes(),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numeric_hosts_and_interfaces() {
        let v4 = lookup("127.0.0.1", false).expect("numeric");
        assert_eq!(v4.to_string(), "127.0.0.1:0");
        let mapped = lookup("127.0.0.1", true).expect("numeric");
        assert_eq!(mapped.to_string(), "[::ffff:127.0.0.1]:0");
        assert_eq!(lookup("::1", true).expect("numeric").to_string(), "[::1]:0");
        assert!(lookup("::1", false).is_err());
        assert_eq!(lookup("::ffff:127.0.0.1", false).ok(), Some(v4));
        assert!(lookup("a\0b", false).is_err());
        let index = zone_index("lo").expect("always there");
        for zone in ["lo".to_owned(), index.to_string()] {
            let host = format!("::1%{zone}");
            let expected = SocketAddrV6::new(std::net::Ipv6Addr::LOCALHOST, 0, 0, index);
            assert_eq!(lookup(&host, true).ok(), Some(expected.into()), "{host}");
            assert!(lookup(&host, false).is_err(), "{host}");
            let host = format!("127.0.0.1%{zone}");
            assert_eq!(lookup(&host, false).ok(), Some(v4), "{host}");
            assert_eq!(lookup(&host, true).ok(), Some(mapped), "{host}");
        }
        for bad in ["::1%", "::1%0", "::1%-1", "::1%no-such-device"] {
            assert!(lookup(bad, true).is_err(), "{bad}");
        }
        let lo = interface("lo", false).expect("interfaces");
        assert_eq!(
            lo.map(|address| address.to_string()).as_deref(),
            Some("127.0.0.1:0")
        );
        assert_eq!(
            interface("no-such-interface", false).expect("interfaces"),
            None
        );
        let with = |address: [u8; 4]| interface_with(address.into()).expect("interfaces");
        assert_eq!(with([127, 0, 0, 1]).as_deref(), Some("lo"));
        assert_eq!(with([192, 0, 2, 1]), None);
        let index = |name| interface_index(name).expect("the system answers");
        // What the C library says: it asks by a descriptor as well.
        // SAFETY: a terminated string.
        let expected = unsafe { libc::if_nametoindex(c"lo".as_ptr()) };
        assert_eq!(index("lo"), Some(expected));
        for bad in ["no-such-interface", "nosuchif", "", "a\0b"] {
            assert_eq!(index(bad), None);
        }
    }

    #[test]
    fn temporary_directories_differ() {
        let parent = std::env::temp_dir();
        let first = temporary_directory(&parent).expect("made");
        let second = temporary_directory(&parent).expect("made");
        assert_ne!(first, second);
        for made in [first, second] {
            std::fs::remove_dir(made).expect("empty");
        }
        let missing = temporary_directory(Path::new("/no/such/directory"));
        assert_eq!(
            missing.expect_err("missing").raw_os_error(),
            Some(libc::ENOENT)
        );
    }
}
