use std::{io, net};

use omnipoll::net::{SpareDescriptor, TcpListener, TcpStream};

use crate::support::{any_port, assert_kind, assert_would_block};
use crate::system::NO_DESCRIPTOR_LEFT;

fn lack() -> io::Error {
    io::Error::from_raw_os_error(NO_DESCRIPTOR_LEFT)
}

#[test]
fn with_descriptors_left_it_accepts() {
    let listener = TcpListener::bind(any_port()).unwrap();
    let mut spare = SpareDescriptor::new().unwrap();
    assert_would_block(spare.accept(|| listener.accept()));
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (_stream, peer) = loop {
        match spare.accept(|| listener.accept()) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            result => break result.unwrap().expect("it is not turned away"),
        }
    };
    assert_eq!(peer, client.local_addr().unwrap());
    assert!(format!("{spare:?}").starts_with("SpareDescriptor"));
}

/// What is accepted in the second attempt is closed, and the spare one is there again.
#[test]
fn without_it_turns_away() {
    let mut spare = SpareDescriptor::new().unwrap();
    for _ in 0..3 {
        let listener = net::TcpListener::bind(any_port()).unwrap();
        let peer = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut answers = vec![listener.accept(), Err(lack())];
        let turned_away = spare.accept(|| answers.pop().expect("two attempts")).unwrap();
        assert!(turned_away.is_none());
        assert_eq!(io::Read::read(&mut &peer, &mut [0; 1]).unwrap(), 0);
    }
}

/// Whoever waited may have left before the second attempt, or others be faster.
#[test]
fn the_second_attempt_may_fail() {
    let mut spare = SpareDescriptor::new().unwrap();
    let mut answers = vec![Err(io::ErrorKind::WouldBlock.into()), Err(lack())];
    assert_would_block::<Option<()>>(spare.accept(|| answers.pop().expect("two attempts")));
    let error = spare.accept::<()>(|| Err(lack())).unwrap_err();
    assert!(SpareDescriptor::is_lack(&error));
}

/// Other errors concern the one connection, or the listener.
#[test]
fn other_errors_are_passed_on() {
    let mut spare = SpareDescriptor::new().unwrap();
    let mut attempts = 0;
    let result = spare.accept::<()>(|| {
        attempts += 1;
        Err(io::ErrorKind::ConnectionAborted.into())
    });
    assert_kind(result, io::ErrorKind::ConnectionAborted);
    assert_eq!(attempts, 1);
}

#[cfg(unix)]
#[test]
fn a_lack_of_descriptors_is_told_from_others() {
    for (code, is_lack) in [
        (libc::EMFILE, true),
        (libc::ENFILE, true),
        (libc::EAGAIN, false),
        (libc::ECONNABORTED, false),
        (libc::ENOMEM, false),
        (libc::ENOBUFS, false),
    ] {
        assert_eq!(SpareDescriptor::is_lack(&io::Error::from_raw_os_error(code)), is_lack);
    }
    assert!(!SpareDescriptor::is_lack(&io::ErrorKind::WouldBlock.into()));
}
