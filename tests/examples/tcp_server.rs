use std::io::{Read, Write};
use std::net::Shutdown;
#[cfg(target_os = "linux")]
use std::net::TcpStream;
use std::thread;
#[cfg(target_os = "linux")]
use std::time::Instant;

use omnipoll::Backend;
#[cfg(target_os = "linux")]
use rustix::process::{Pid, Resource, Rlimit, prlimit};

#[cfg(target_os = "linux")]
use crate::support::LIMIT;
use crate::support::{Example, connect, pattern};

#[test]
fn echoes_to_many_clients() {
    for backend in Backend::available() {
        let mut server = Example::start("tcp_server", backend, &["127.0.0.1:0"]);
        let address = server.address(backend);
        let bytes = pattern(1_000_000);
        thread::scope(|scope| {
            for client in 0..20 {
                let (address, bytes) = (&address, &bytes[..bytes.len() - client]);
                scope.spawn(move || {
                    let mut stream = connect(address);
                    let mut writing = stream.try_clone().unwrap();
                    scope.spawn(move || {
                        writing.write_all(bytes).unwrap();
                        writing.shutdown(Shutdown::Write).unwrap();
                    });
                    let mut received = Vec::new();
                    stream.read_to_end(&mut received).unwrap();
                    assert!(received == bytes);
                });
            }
        });
        // Rude ones do no harm, and a later one is served.
        drop(connect(&address));
        // It may be made to wait, or to fail, as it does not read.
        let rude = connect(&address);
        rude.set_nonblocking(true).unwrap();
        while (&rude).write(&bytes).is_ok() {}
        let mut stream = connect(&address);
        stream.write_all(b"still there?").unwrap();
        let mut buffer = [0; 12];
        stream.read_exact(&mut buffer).unwrap();
        assert_eq!(&buffer, b"still there?");
        assert!(server.is_running());
    }
}

/// With descriptors for a few, the others learn it, and it is no end of the server.
#[cfg(target_os = "linux")]
#[test]
fn turns_away_whom_it_cannot_serve() {
    for backend in Backend::available() {
        let mut server = Example::start("tcp_server", backend, &["127.0.0.1:0"]);
        let address = server.address(backend);
        let few = Rlimit { current: Some(24), maximum: Some(24) };
        prlimit(Some(Pid::from_child(&server.child)), Resource::Nofile, few).unwrap();
        let mut clients: Vec<_> = (0..60).map(|_| connect(&address)).collect();
        let is_served = |stream: &mut TcpStream| {
            // What is written to who was turned away goes nowhere.
            let _ = stream.write_all(b"x");
            matches!(stream.read(&mut [0; 1]), Ok(1))
        };
        let served = clients.iter_mut().map(is_served).filter(|&served| served).count();
        assert!((1..24).contains(&served), "{served} of 60 are served");
        drop(clients);
        // As soon as the server has seen that they left, others are served.
        let start = Instant::now();
        while !is_served(&mut connect(&address)) {
            assert!(start.elapsed() < LIMIT, "nobody is served any more");
        }
        assert!(server.is_running());
    }
}
