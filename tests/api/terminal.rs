//! Pseudo-terminals, through `SourceFd`.

use std::os::fd::{AsRawFd, OwnedFd};

use omnipoll::event::Event;
use omnipoll::unix::SourceFd;
use omnipoll::{Interest, Token};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::OpenptFlags;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::support::{ONE, TWO, Waiter, on_every_backend};

#[test]
fn a_line_is_readable_when_it_is_whole() {
    on_every_backend(|waiter| {
        let (main, terminal) = pseudo_terminal();
        register(waiter, &terminal, TWO, Interest::READABLE);
        let mut buffer = [0; 64];
        for _ in 0..10 {
            rustix::io::write(&main, b"half a ").unwrap();
            waiter.expect_nothing_of(TWO);
            rustix::io::write(&main, b"line\n").unwrap();
            waiter.expect_readable(TWO);
            assert_eq!(rustix::io::read(&terminal, &mut buffer).unwrap(), 12);
            assert_eq!(rustix::io::read(&terminal, &mut buffer), Err(Errno::AGAIN));
        }
    });
}

#[test]
fn a_key_is_readable_in_raw_mode() {
    on_every_backend(|waiter| {
        let (main, terminal) = pseudo_terminal();
        let mut attributes = tcgetattr(&terminal).unwrap();
        attributes.make_raw();
        tcsetattr(&terminal, OptionalActions::Now, &attributes).unwrap();
        register(waiter, &terminal, TWO, Interest::READABLE);
        for key in b"keys" {
            rustix::io::write(&main, &[*key]).unwrap();
            waiter.expect_readable(TWO);
            let mut buffer = [0; 8];
            assert_eq!(rustix::io::read(&terminal, &mut buffer).unwrap(), 1);
            assert_eq!(buffer[0], *key);
        }
    });
}

#[test]
fn output_is_readable_on_the_main_side() {
    on_every_backend(|waiter| {
        let (main, terminal) = pseudo_terminal();
        register(waiter, &main, ONE, Interest::READABLE | Interest::WRITABLE);
        waiter.expect_writable(ONE);
        for _ in 0..10 {
            rustix::io::write(&terminal, b"output\n").unwrap();
            // The kernel passes it on in one piece or several.
            let mut output = Vec::new();
            while output.len() < 8 {
                waiter.expect_readable(ONE);
                let mut buffer = [0; 64];
                while let Ok(length) = rustix::io::read(&main, &mut buffer) {
                    output.extend_from_slice(&buffer[..length]);
                }
            }
            assert_eq!(output, b"output\r\n");
        }
        waiter.expect_quiet();
    });
}

#[test]
fn a_terminal_that_is_closed_is_told_once() {
    on_every_backend(|waiter| {
        let (main, terminal) = pseudo_terminal();
        register(waiter, &main, ONE, Interest::READABLE);
        rustix::io::write(&terminal, b"last\n").unwrap();
        drop(terminal);
        waiter.expect_hang_up(ONE, Event::is_read_closed);
        let (mut buffer, mut total) = ([0; 64], 0);
        let end = loop {
            match rustix::io::read(&main, &mut buffer) {
                Ok(length @ 1..) => total += length,
                // What is on its way comes before the end.
                Err(Errno::AGAIN) => {}
                end => break end,
            }
        };
        assert_eq!(total, 6);
        // Linux says so; other systems say that it is the end.
        assert!(matches!(end, Ok(0) | Err(Errno::IO)));
        waiter.expect_quiet();
    });
}

#[test]
fn levels_and_oneshots_work_too() {
    on_every_backend(|waiter| {
        let (main, terminal) = pseudo_terminal();
        register(waiter, &terminal, TWO, Interest::READABLE.level());
        rustix::io::write(&main, b"line\n").unwrap();
        for _ in 0..3 {
            waiter.expect_readable(TWO);
        }
        let interest = Interest::READABLE.oneshot();
        let fd = terminal.as_raw_fd();
        let mut source = SourceFd(&fd);
        waiter.registry().reregister(&mut source, TWO, interest).unwrap();
        waiter.expect_readable(TWO);
        waiter.expect_nothing_of(TWO);
    });
}

fn register(waiter: &Waiter, terminal: &OwnedFd, token: Token, interest: Interest) {
    waiter.register(&mut SourceFd(&terminal.as_raw_fd()), token, interest);
}

/// The main side, and the side where programs run.
fn pseudo_terminal() -> (OwnedFd, OwnedFd) {
    let main = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    rustix::pty::grantpt(&main).unwrap();
    rustix::pty::unlockpt(&main).unwrap();
    let name = rustix::pty::ptsname(&main, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(&*name, flags, Mode::empty()).unwrap();
    rustix::io::ioctl_fionbio(&main, true).unwrap();
    (main, terminal)
}
