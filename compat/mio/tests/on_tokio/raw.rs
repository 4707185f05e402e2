//! `AsyncFd`: descriptors whose I/O only tokio sees.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::pipe::PipeFlags;
use rustix::pty::OpenptFlags;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time;

use crate::{on_both_runtimes, tcp};

#[test]
#[ignore = "a scenario"]
fn a_pipe_is_drained_and_filled_again() {
    on_both_runtimes(async || {
        let (reader, writer) = raw_pipe()?;
        let reader = watched(reader, Interest::READABLE)?;
        let writing = tokio::spawn(async move {
            for round in 0..500_u32 {
                if round % 100 == 0 {
                    time::sleep(Duration::from_millis(5)).await;
                }
                rustix::io::write(&writer, &round.to_le_bytes()).unwrap();
                tokio::task::yield_now().await;
            }
            // The writer goes last: its hang-up must not hide what is left.
        });
        let mut received = Vec::new();
        loop {
            let mut guard = reader.readable().await?;
            let mut buffer = [0; 64];
            // Until `WouldBlock`, which `try_io` takes for the end of readiness.
            match guard.try_io(|reader| Ok(rustix::io::read(reader, &mut buffer)?)) {
                Ok(Ok(0)) => break,
                Ok(Ok(length)) => received.extend_from_slice(&buffer[..length]),
                Ok(Err(error)) => return Err(error),
                Err(_would_block) => {}
            }
        }
        writing.await?;
        let expected: Vec<u8> = (0..500_u32).flat_map(u32::to_le_bytes).collect();
        assert!(received == expected);
        Ok(())
    });
}

/// Writable from the start, and then full: both are edges that nobody tells omnipoll of.
#[test]
#[ignore = "a scenario"]
fn a_pipe_is_filled_and_drained_again() {
    on_both_runtimes(async || {
        let (reader, writer) = raw_pipe()?;
        let writer = watched(writer, Interest::WRITABLE)?;
        let draining = std::thread::spawn(move || {
            rustix::io::ioctl_fionbio(&reader, false).unwrap();
            let mut buffer = [0; 20_000];
            let mut total = 0;
            while let Ok(length @ 1..) = rustix::io::read(&reader, &mut buffer) {
                total += length;
                std::thread::sleep(Duration::from_micros(500));
            }
            total
        });
        let mut written = 0;
        while written < 1 << 20 {
            let mut guard = writer.writable().await?;
            if let Ok(result) = guard.try_io(|writer| Ok(rustix::io::write(writer, &[7; 10_000])?))
            {
                written += result?;
            }
        }
        drop(writer);
        assert_eq!(draining.join().unwrap(), written);
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
#[cfg(target_os = "linux")]
fn an_eventfd_counts() {
    use rustix::event::{EventfdFlags, eventfd};

    on_both_runtimes(async || {
        let counter =
            watched_both_ways(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?)?;
        let adder = counter.get_ref().try_clone()?;
        let adding = tokio::spawn(async move {
            for round in 0..200 {
                rustix::io::write(&adder, &1_u64.to_ne_bytes()).unwrap();
                if round % 20 == 0 {
                    time::sleep(Duration::from_millis(1)).await;
                }
                tokio::task::yield_now().await;
            }
        });
        let mut total = 0;
        while total < 200 {
            let mut guard = counter.readable().await?;
            let mut count = [0; 8];
            if let Ok(result) = guard.try_io(|counter| Ok(rustix::io::read(counter, &mut count)?)) {
                result?;
                total += u64::from_ne_bytes(count);
            }
        }
        adding.await?;
        Ok(())
    });
}

/// Talks through a pseudo-terminal, each side an `AsyncFd`.
#[test]
#[ignore = "a scenario"]
fn a_pseudo_terminal_carries_lines() {
    on_both_runtimes(async || {
        let (main, terminal) = pseudo_terminal()?;
        let main = watched_both_ways(main)?;
        let terminal = watched_both_ways(terminal)?;
        for round in 0..50 {
            let line = format!("line {round}\n");
            let written = main
                .async_io(Interest::WRITABLE, |main| Ok(rustix::io::write(main, line.as_bytes())?))
                .await?;
            assert_eq!(written, line.len());
            assert_eq!(read_some(&terminal).await?, line.as_bytes());
            // The echo, with the carriage return that a terminal adds.
            assert_eq!(read_line(&main).await?, format!("line {round}\r\n").as_bytes());
        }
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
#[cfg(target_os = "linux")]
fn urgent_data_is_a_priority_event() {
    use rustix::net::{RecvFlags, SendFlags};

    on_both_runtimes(async || {
        let (here, there) = tcp::connected().await?;
        // tokio's own streams wait for reading and writing alone.
        let there = watched(there.into_std()?.into(), Interest::PRIORITY)?;
        for urgent in b"!?#" {
            rustix::net::send(&here, &[*urgent], SendFlags::OOB)?;
            let mut buffer = [0];
            there
                .async_io(Interest::PRIORITY, |there| {
                    Ok(rustix::net::recv(there, &mut buffer, RecvFlags::OOB)?)
                })
                .await?;
            assert_eq!(buffer, [*urgent]);
        }
        Ok(())
    });
}

/// One descriptor after another gets the same number.
#[test]
#[ignore = "a scenario"]
fn numbers_are_used_again() {
    on_both_runtimes(async || {
        for round in 0..300_u32 {
            let (reader, writer) = raw_pipe()?;
            let reader = watched(reader, Interest::READABLE)?;
            rustix::io::write(&writer, &round.to_le_bytes())?;
            assert_eq!(read_some(&reader).await?, round.to_le_bytes());
            if round % 2 == 0 {
                // Ready once more when it goes.
                rustix::io::write(&writer, b"unread")?;
            }
        }
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn a_regular_file_is_refused() {
    on_both_runtimes(async || {
        let file = std::fs::File::open(std::env::current_exe()?)?;
        let error = watched_both_ways(OwnedFd::from(file)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        Ok(())
    });
}

async fn read_some(source: &AsyncFd<OwnedFd>) -> io::Result<Vec<u8>> {
    let mut buffer = [0; 256];
    let length = source
        .async_io(Interest::READABLE, |source| Ok(rustix::io::read(source, &mut buffer)?))
        .await?;
    Ok(buffer[..length].to_vec())
}

async fn read_line(source: &AsyncFd<OwnedFd>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        line.extend(read_some(source).await?);
    }
    Ok(line)
}

pub(crate) fn watched_both_ways(source: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    watched(source, Interest::READABLE | Interest::WRITABLE)
}

#[allow(deprecated, reason = "its successor is unsafe, and only the newest tokio has it")]
fn watched(source: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(source, interest)
}

fn raw_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::pipe::pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC)?)
}

pub(crate) fn pseudo_terminal() -> io::Result<(OwnedFd, OwnedFd)> {
    let main = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::pty::grantpt(&main)?;
    rustix::pty::unlockpt(&main)?;
    let name = rustix::pty::ptsname(&main, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(&*name, flags, rustix::fs::Mode::empty())?;
    rustix::io::ioctl_fionbio(&main, true)?;
    Ok((main, terminal))
}
