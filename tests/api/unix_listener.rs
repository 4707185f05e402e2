use std::io::{self, Read, Write};
use std::os::unix::net;

use omnipoll::Interest;
use omnipoll::net::{UnixListener, UnixStream};

use crate::support::on_every_backend;
use crate::support::{ONE, assert_kind, assert_would_block};
use crate::system::assert_flags;
use crate::temporary_path::TemporaryPath;

#[test]
fn every_waiting_connection_is_accepted() {
    on_every_backend(|waiter| {
        let path = TemporaryPath::new("listener");
        let mut listener = UnixListener::bind(&path).unwrap();
        assert_flags(&listener);
        assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(path.as_ref()));
        assert_would_block(listener.accept());
        waiter.register(&mut listener, ONE, Interest::READABLE);
        for _ in 0..3 {
            let clients: Vec<_> = (0..5).map(|_| UnixStream::connect(&path).unwrap()).collect();
            for mut client in clients {
                let (mut stream, peer) = waiter.retry(ONE, || listener.accept());
                assert_flags(&stream);
                assert!(peer.is_unnamed());
                client.write_all(b"hello").unwrap();
                assert_eq!(stream.read(&mut [0; 8]).unwrap(), 5);
            }
            assert_would_block(listener.accept());
        }
        assert!(listener.take_error().unwrap().is_none());
    });
}

#[test]
fn a_path_in_use_is_refused() {
    let path = TemporaryPath::new("in-use");
    let _listener = UnixListener::bind(&path).unwrap();
    assert_kind(UnixListener::bind(&path), io::ErrorKind::AddrInUse);
}

#[test]
fn a_path_too_long_is_named() {
    let path = std::env::temp_dir().join("a".repeat(200));
    for error in [UnixListener::bind(&path).unwrap_err(), UnixStream::connect(&path).unwrap_err()] {
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn a_named_client_is_told() {
    let (path, own) = (TemporaryPath::new("server"), TemporaryPath::new("client"));
    let listener = UnixListener::bind(&path).unwrap();
    let client = rustix::net::socket(
        rustix::net::AddressFamily::UNIX,
        rustix::net::SocketType::STREAM,
        None,
    )
    .unwrap();
    let own_address = rustix::net::SocketAddrUnix::new(own.as_ref()).unwrap();
    rustix::net::bind(&client, &own_address).unwrap();
    let address = rustix::net::SocketAddrUnix::new(path.as_ref()).unwrap();
    rustix::net::connect(&client, &address).unwrap();
    let (stream, peer) = listener.accept().unwrap();
    assert_eq!(peer.as_pathname(), Some(own.as_ref()));
    assert_eq!(stream.peer_addr().unwrap().as_pathname(), Some(own.as_ref()));
}

/// Linux lets a path fill the whole field, with no zero at its end.
#[test]
#[cfg(target_os = "linux")]
fn a_client_with_the_longest_name_is_accepted() {
    let path = TemporaryPath::new("server");
    let listener = UnixListener::bind(&path).unwrap();
    let own = std::env::temp_dir().join(format!("omnipoll-{}", std::process::id()));
    let own = format!("{:x<108}", own.display());
    let client = rustix::net::socket(
        rustix::net::AddressFamily::UNIX,
        rustix::net::SocketType::STREAM,
        None,
    )
    .unwrap();
    rustix::net::bind(&client, &rustix::net::SocketAddrUnix::new(&*own).unwrap()).unwrap();
    let address = rustix::net::SocketAddrUnix::new(path.as_ref()).unwrap();
    rustix::net::connect(&client, &address).unwrap();
    let (_stream, peer) = listener.accept().unwrap();
    assert!(peer.is_unnamed());
    std::fs::remove_file(own).unwrap();
}

#[test]
#[cfg(all(target_os = "linux", not(omnipoll_plain_unix)))]
fn abstract_names_have_no_file() {
    use std::os::linux::net::SocketAddrExt;

    let name = format!("omnipoll-{}-listener", std::process::id());
    let address = net::SocketAddr::from_abstract_name(&name).unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    assert_eq!(listener.local_addr().unwrap().as_abstract_name(), Some(name.as_bytes()));
    let client = UnixStream::connect_addr(&address).unwrap();
    assert_eq!(client.peer_addr().unwrap().as_abstract_name(), Some(name.as_bytes()));
    listener.accept().unwrap();

    // Without a name, the system finds one.
    let unnamed = net::SocketAddr::from_pathname("").unwrap();
    let listener = UnixListener::bind_addr(&unnamed).unwrap();
    assert!(listener.local_addr().unwrap().as_abstract_name().is_some());
}

#[test]
fn addresses_may_be_paths() {
    let path = TemporaryPath::new("address");
    let address = net::SocketAddr::from_pathname(&path).unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let _client = UnixStream::connect_addr(&address).unwrap();
    listener.accept().unwrap();
}

#[test]
fn a_standard_listener_comes_and_goes() {
    on_every_backend(|waiter| {
        let path = TemporaryPath::new("standard");
        let listener = net::UnixListener::bind(&path).unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut listener = UnixListener::from_std(listener);
        assert!(format!("{listener:?}").starts_with("UnixListener"));
        waiter.register(&mut listener, ONE, Interest::READABLE);
        let _client = UnixStream::connect(&path).unwrap();
        waiter.expect_readable(ONE);
        let listener = net::UnixListener::from(listener);
        waiter.expect_nothing_of(ONE);
        listener.accept().unwrap();
    });
}
