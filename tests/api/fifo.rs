use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::Interest;
use omnipoll::event::Event;
use omnipoll::unix::pipe::{OpenOptions, create_fifo};

use crate::support::on_every_backend;
use crate::support::{ONE, TWO, assert_kind, assert_would_block};
use crate::system::assert_flags;
use crate::temporary_path::TemporaryPath;

#[test]
fn bytes_go_through() {
    on_every_backend(|waiter| {
        let path = new_fifo("bytes");
        let mut receiver = OpenOptions::new().open_receiver(&path).unwrap();
        let mut sender = OpenOptions::new().open_sender(&path).unwrap();
        assert_flags(&receiver);
        assert_flags(&sender);
        waiter.register(&mut receiver, ONE, Interest::READABLE);
        waiter.register(&mut sender, TWO, Interest::WRITABLE);
        waiter.expect_writable(TWO);
        for round in 0..20_u8 {
            sender.write_all(&[round; 10]).unwrap();
            let mut buffer = [0; 64];
            assert_eq!(waiter.retry(ONE, || receiver.read(&mut buffer)), 10);
            assert_eq!(buffer[..10], [round; 10]);
        }
    });
}

#[test]
fn a_reader_survives_the_last_writer() {
    on_every_backend(|waiter| {
        let path = new_fifo("survivor");
        let mut receiver = OpenOptions::new().open_receiver(&path).unwrap();
        let mut buffer = [0; 64];
        // Nobody has written yet: that looks like the end.
        assert_eq!(receiver.read(&mut buffer).unwrap(), 0);
        waiter.register(&mut receiver, ONE, Interest::READABLE);
        waiter.expect_quiet();
        for round in 0..10_u8 {
            let mut sender = OpenOptions::new().open_sender(&path).unwrap();
            sender.write_all(&[round; 10]).unwrap();
            waiter.expect_readable(ONE);
            assert_eq!(receiver.read(&mut buffer).unwrap(), 10);
            assert_eq!(buffer[..10], [round; 10]);
            assert_would_block(receiver.read(&mut buffer));
            drop(sender);
            waiter.expect_hang_up(ONE, Event::is_read_closed);
            assert_eq!(receiver.read(&mut buffer).unwrap(), 0);
            // With no writer, and no spin.
            waiter.expect_quiet();
        }
    });
}

/// It has not read the end of the file before the next writer comes.
#[test]
fn a_writer_may_follow_at_once() {
    on_every_backend(|waiter| {
        let path = new_fifo("follower");
        let mut receiver = OpenOptions::new().open_receiver(&path).unwrap();
        waiter.register(&mut receiver, ONE, Interest::READABLE);
        for round in 0..20_u8 {
            drop(OpenOptions::new().open_sender(&path).unwrap());
            let mut sender = OpenOptions::new().open_sender(&path).unwrap();
            sender.write_all(&[round; 10]).unwrap();
            drop(sender);
            let mut buffer = [0; 64];
            loop {
                waiter.expect(ONE, |_| true);
                match receiver.read(&mut buffer) {
                    Ok(10) => break,
                    Ok(length) => assert_eq!(length, 0),
                    Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
                }
            }
        }
    });
}

#[test]
fn opened_both_ways_a_reader_never_sees_the_end() {
    on_every_backend(|waiter| {
        let path = new_fifo("both");
        let options = OpenOptions::new().read_write(true);
        let mut receiver = options.open_receiver(&path).unwrap();
        waiter.register(&mut receiver, ONE, Interest::READABLE);
        let mut buffer = [0; 64];
        for round in 0..10_u8 {
            fs::write(&path, [round; 10]).unwrap();
            waiter.expect(ONE, |event| event.is_readable() && !event.is_read_closed());
            assert_eq!(receiver.read(&mut buffer).unwrap(), 10);
            assert_would_block(receiver.read(&mut buffer));
        }
    });
}

#[test]
fn opened_both_ways_a_writer_needs_no_reader() {
    on_every_backend(|waiter| {
        let path = new_fifo("early");
        let mut sender = OpenOptions::new().read_write(true).open_sender(&path).unwrap();
        waiter.register(&mut sender, TWO, Interest::WRITABLE);
        waiter.expect_writable(TWO);
        sender.write_all(b"early").unwrap();
        let mut receiver = OpenOptions::new().open_receiver(&path).unwrap();
        assert_eq!(receiver.read(&mut [0; 64]).unwrap(), 5);
    });
}

#[test]
fn a_writer_with_no_reader_is_told_what_to_do() {
    let path = new_fifo("lonely");
    let error = OpenOptions::new().open_sender(&path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    let text = error.to_string();
    assert!(text.contains(path.as_ref().to_str().unwrap()), "{text}");
    assert!(text.contains("reader") && text.contains("read_write"), "{text}");
}

#[test]
fn a_writer_waits_for_a_reader() {
    let path = new_fifo("patient");
    let options = OpenOptions::new().wait_for_reader(Duration::from_secs(20));

    // One that does not block, and one that is stuck in `open` until there is a writer.
    for blocking in [false, true] {
        let reader = thread::spawn({
            let path = path.as_ref().to_owned();
            move || {
                thread::sleep(Duration::from_millis(50));
                let mut text = String::new();
                if blocking {
                    File::open(path).unwrap().read_to_string(&mut text).unwrap();
                } else {
                    let mut receiver = OpenOptions::new().open_receiver(path).unwrap();
                    receiver.set_nonblocking(false).unwrap();
                    while receiver.read_to_string(&mut text).unwrap() == 0 {}
                }
                text
            }
        });
        let mut sender = options.open_sender(&path).unwrap();
        assert_flags(&sender);
        sender.write_all(b"at last").unwrap();
        drop(sender);
        assert_eq!(reader.join().unwrap(), "at last");
    }
}

#[test]
fn a_writer_waits_no_longer_than_told() {
    let path = new_fifo("impatient");
    let limit = Duration::from_millis(60);
    let start = Instant::now();
    let error = OpenOptions::new().wait_for_reader(limit).open_sender(&path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(error.to_string().contains(path.as_ref().to_str().unwrap()), "{error}");
    assert!(start.elapsed() >= limit);
    assert!(start.elapsed() < limit + Duration::from_secs(5));
}

#[test]
fn a_writer_is_told_when_the_reader_leaves() {
    on_every_backend(|waiter| {
        let path = new_fifo("left");
        let receiver = OpenOptions::new().open_receiver(&path).unwrap();
        let mut sender = OpenOptions::new().open_sender(&path).unwrap();
        waiter.register(&mut sender, TWO, Interest::WRITABLE);
        drop(receiver);
        waiter.expect_hang_up(TWO, Event::is_write_closed);
        assert_kind(sender.write(b"to nobody"), io::ErrorKind::BrokenPipe);
        waiter.expect_quiet();
        // The next reader can be written to, by the same sender.
        let mut receiver = OpenOptions::new().open_receiver(&path).unwrap();
        sender.write_all(b"hello").unwrap();
        assert_eq!(receiver.read(&mut [0; 64]).unwrap(), 5);
    });
}

#[test]
fn what_is_not_a_fifo_is_refused() {
    let file = TemporaryPath::new("file");
    fs::write(&file, "plain").unwrap();
    let socket = TemporaryPath::new("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let folder = std::env::temp_dir();
    let paths = [
        (file.as_ref(), "a regular file"),
        (socket.as_ref(), "a socket"),
        (folder.as_ref(), "a folder"),
        ("/dev/null".as_ref(), "a device"),
    ];
    for (path, what) in paths {
        let options = OpenOptions::new().wait_for_reader(Duration::from_secs(1));
        for error in [
            options.open_receiver(path).unwrap_err(),
            options.open_sender(path).unwrap_err(),
            options.clone().read_write(true).open_receiver(path).unwrap_err(),
        ] {
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
            let text = error.to_string();
            assert!(text.contains(path.to_str().unwrap()) && text.contains(what), "{text}");
        }
    }
    assert_eq!(fs::read(&file).unwrap(), b"plain");
}

#[test]
fn a_missing_path_is_named() {
    let path = TemporaryPath::new("missing");
    for error in [
        OpenOptions::new().open_receiver(&path).unwrap_err(),
        OpenOptions::new().open_sender(&path).unwrap_err(),
    ] {
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().contains(path.as_ref().to_str().unwrap()), "{error}");
    }
}

#[test]
fn a_fifo_is_made_with_its_mode() {
    let path = TemporaryPath::new("mode");
    create_fifo(&path, 0o600).unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert!(metadata.file_type().is_fifo());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let error = create_fifo(&path, 0o600).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert!(error.to_string().contains(path.as_ref().to_str().unwrap()), "{error}");
}

fn new_fifo(name: &str) -> TemporaryPath {
    let path = TemporaryPath::new(name);
    create_fifo(&path, 0o600).unwrap();
    path
}
