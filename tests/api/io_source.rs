use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use omnipoll::{Interest, IoSource};

use crate::support::{ONE, TWO, assert_kind, on_every_backend};

/// What is known of the inner descriptor is not taken for granted of its successor.
#[test]
fn another_descriptor_is_looked_at_anew() {
    on_every_backend(|waiter| {
        let (ours, _theirs) = pair();
        let mut source = IoSource::new(OwnedFd::from(ours));
        for _ in 0..2 {
            waiter.register(&mut source, ONE, Interest::READABLE);
            waiter.registry().deregister(&mut source).unwrap();
        }
        *source = File::open("/dev/null").unwrap().into();
        let refused = waiter.registry().register(&mut source, ONE, Interest::READABLE);
        assert_kind(refused, ErrorKind::PermissionDenied);
        let (ours, mut theirs) = pair();
        *source = ours.into();
        theirs.write_all(b"x").unwrap();
        waiter.register(&mut source, TWO, Interest::READABLE);
        waiter.expect_readable(TWO);
    });
}

fn pair() -> (UnixStream, UnixStream) {
    UnixStream::pair().unwrap()
}
