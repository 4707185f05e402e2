//! Addresses of Unix domain sockets: each that the system allows works, each that it does not
//! is refused, and both ends agree on what it is.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;
use std::path::PathBuf;
use std::{env, fs, process};

use omnipoll::event::Event;
use omnipoll::net::{UnixDatagram, UnixListener, UnixStream};
use omnipoll::{Backend, Interest, Token};
use rustix::fs::OFlags;
use rustix::io::FdFlags;

use crate::support::Bench;

const TOKEN: Token = Token(7);
const READ: Interest = Interest::READABLE;

/// A path of `length` bytes that no other test uses.
fn path(backend: Backend, length: usize) -> PathBuf {
    let path = env::temp_dir().join(format!("omnipoll-{backend}-{}-", process::id()));
    let mut bytes = path.into_os_string();
    bytes.push("a".repeat(length - bytes.len()));
    let path = PathBuf::from(bytes);
    // An earlier process of this number may have left it.
    let _ = fs::remove_file(&path);
    path
}

/// Connects to `listener` and back, and checks what each end says of the other.
fn expect_round_trip(backend: Backend, mut listener: UnixListener, address: &SocketAddr) {
    let mut bench = Bench::new(backend);
    bench.register(&mut listener, TOKEN, READ);
    let is_same = |told: SocketAddr| {
        assert_eq!(told.as_pathname(), address.as_pathname());
        assert_eq!(told.as_abstract_name(), address.as_abstract_name());
    };
    is_same(listener.local_addr().unwrap());
    let client = UnixStream::connect_addr(address).unwrap();
    is_same(client.peer_addr().unwrap());
    bench.expect(TOKEN, Event::is_readable);
    let (accepted, peer) = listener.accept().unwrap();
    is_same(accepted.local_addr().unwrap());
    // The client has no name, and none is made up.
    assert!(peer.is_unnamed() && client.local_addr().unwrap().is_unnamed());
    assert!(peer.as_pathname().is_none() && peer.as_abstract_name().is_none());
}

/// UN-1: paths up to the longest, and none beyond.
fn paths_of_every_length(backend: Backend) {
    for length in [103, 104, 107] {
        let path = path(backend, length);
        let listener = UnixListener::bind(&path).unwrap();
        expect_round_trip(backend, listener, &SocketAddr::from_pathname(&path).unwrap());
        fs::remove_file(&path).unwrap();
    }
    for length in [108, 109, 200] {
        let path = path(backend, length);
        for refused in [
            UnixListener::bind(&path).map(drop),
            UnixStream::connect(&path).map(drop),
            UnixDatagram::bind(&path).map(drop),
        ] {
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        assert!(!path.exists(), "it was cut short");
    }
}

/// UN-1: a path ends at no zero byte, so one that has some is none.
fn zero_bytes_in_a_path(backend: Backend) {
    let before_it = path(backend, 60);
    let path =
        OsStr::from_bytes(&[before_it.as_os_str().as_bytes(), b"\0inner"].concat()).to_owned();
    for refused in [
        UnixListener::bind(&path).map(drop),
        UnixStream::connect(&path).map(drop),
        UnixDatagram::bind(&path).map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert!(!before_it.exists(), "it was cut at the zero");
}

/// UN-1: an abstract name is bytes, zeros among them, up to the longest.
fn abstract_names(backend: Backend) {
    let unique = format!("omnipoll-{backend}-{}", process::id()).into_bytes();
    let with = |more: &[u8]| [&unique, more].concat();
    let longest = [&unique[..], &vec![b'x'; 107 - unique.len()]].concat();
    for name in [unique.clone(), with(b"\0inner\0"), with(b"\0"), with(b"\xff"), longest] {
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixListener::bind_addr(&address).unwrap();
        expect_round_trip(backend, listener, &address);
    }
    // They are different names, and nobody listens at any of them now.
    let address = SocketAddr::from_abstract_name(with(b"\0inner")).unwrap();
    let refused = UnixStream::connect_addr(&address).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

/// UN-1: without a name, the system gives one, another to each.
fn names_of_the_system(backend: Backend) {
    let any = SocketAddr::from_pathname("").unwrap();
    let (one, other) =
        (UnixListener::bind_addr(&any).unwrap(), UnixListener::bind_addr(&any).unwrap());
    let names = [&one, &other].map(|listener| listener.local_addr().unwrap());
    assert_ne!(names[0].as_abstract_name().unwrap(), names[1].as_abstract_name().unwrap());
    let [first, second] = names;
    expect_round_trip(backend, one, &first);
    expect_round_trip(backend, other, &second);
}

/// UN-1: both ends of a pair are open, their own, and as every socket of the library.
fn pairs(backend: Backend) {
    let mut bench = Bench::new(backend);
    let (mut one, other) = UnixStream::pair().unwrap();
    let (datagram, peer) = UnixDatagram::pair().unwrap();
    let ends: [BorrowedFd<'_>; 4] = [one.as_fd(), other.as_fd(), datagram.as_fd(), peer.as_fd()];
    for end in ends {
        assert!(rustix::io::fcntl_getfd(end).unwrap().contains(FdFlags::CLOEXEC));
        assert!(rustix::fs::fcntl_getfl(end).unwrap().contains(OFlags::NONBLOCK));
    }
    for address in [one.local_addr().unwrap(), one.peer_addr().unwrap()] {
        assert!(address.is_unnamed());
    }
    bench.register(&mut one, TOKEN, READ);
    rustix::io::write(&other, b"x").unwrap();
    bench.expect(TOKEN, Event::is_readable);
}

promises! {
    in any on unix: paths_of_every_length, zero_bytes_in_a_path, abstract_names, names_of_the_system, pairs;
}
