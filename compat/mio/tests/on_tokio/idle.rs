//! A runtime with nothing to do uses no CPU, whatever state its sources are in.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixStream};
use tokio::time;

use crate::{on_both_runtimes, pattern, raw, tcp};

/// How long to do nothing, and the CPU time that it may cost.
const IDLE: Duration = Duration::from_secs(1);
const CPU_LIMIT: Duration = Duration::from_millis(30);

#[test]
#[ignore = "a scenario"]
fn quiet_sources_cost_nothing() {
    on_both_runtimes(async || {
        let _listener = TcpListener::bind("127.0.0.1:0").await?;
        let _udp = UdpSocket::bind("127.0.0.1:0").await?;
        let _datagrams = UnixDatagram::pair()?;
        let _pipe = pipe::pipe()?;
        let _terminal = raw::pseudo_terminal()?;
        let mut connections = Vec::new();
        for _ in 0..50 {
            connections.push(tcp::connected().await?);
        }
        let mut waiting = Vec::new();
        for (mut here, there) in connections {
            waiting.push((tokio::spawn(async move { here.read(&mut [0]).await }), there));
        }
        assert_idle("quiet").await;
        for (task, _) in waiting {
            task.abort();
        }
        Ok(())
    });
}

/// Bytes that nobody reads are ready for as long as they lie there.
#[test]
#[ignore = "a scenario"]
fn unread_bytes_cost_nothing() {
    on_both_runtimes(async || {
        let (_here, mut there) = tcp::connected().await?;
        there.write_all(b"unread").await?;
        let (mut one, _other) = UnixStream::pair()?;
        one.write_all(b"unread").await?;
        let (mut sender, _receiver) = pipe::pipe()?;
        sender.write_all(b"unread").await?;
        let udp = UdpSocket::bind("127.0.0.1:0").await?;
        udp.send_to(b"unread", udp.local_addr()?).await?;
        assert_idle("unread").await;
        Ok(())
    });
}

/// A hang-up lasts, and poll(2) cannot be told to leave it out.
#[test]
#[ignore = "a scenario"]
fn closed_peers_cost_nothing() {
    on_both_runtimes(async || {
        let (mut here, there) = tcp::connected().await?;
        drop(there);
        assert_eq!(here.read(&mut [0; 8]).await?, 0);
        let (mut half, mut other) = tcp::connected().await?;
        other.shutdown().await?;
        assert_eq!(half.read(&mut [0; 8]).await?, 0);
        let (unseen, there) = tcp::connected().await?;
        drop(there);
        let (mut stream, peer) = UnixStream::pair()?;
        drop(peer);
        assert_eq!(stream.read(&mut [0; 8]).await?, 0);
        let (sender, mut receiver) = pipe::pipe()?;
        drop(sender);
        assert_eq!(receiver.read(&mut [0; 8]).await?, 0);
        let (mut broken, gone) = pipe::pipe()?;
        drop(gone);
        // While another thread is in poll(2) or select(2), the kernel keeps for it what
        // was closed; it is told at once, but may need a moment.
        while broken.write_all(b"to nobody").await.is_ok() {
            time::sleep(Duration::from_millis(1)).await;
        }
        let refused = TcpStream::connect(refusing_address()?).await;
        assert!(refused.is_err());
        assert_idle("closed").await;
        drop((half, unseen));
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn a_full_peer_costs_nothing() {
    on_both_runtimes(async || {
        let (mut here, there) = tcp::connected().await?;
        let bytes = pattern(16 << 20);
        let writing = tokio::spawn(async move { here.write_all(&bytes).await });
        time::sleep(Duration::from_millis(100)).await;
        assert_idle("full").await;
        writing.abort();
        drop(there);
        Ok(())
    });
}

/// tokio tells nothing of what it does with these.
#[test]
#[ignore = "a scenario"]
fn raw_descriptors_cost_nothing() {
    on_both_runtimes(async || {
        // Always writable, readable, hung up.
        let (one, _other) = raw_pair()?;
        let writable = raw::watched_both_ways(one)?;
        drop(writable.writable().await?);
        let (one, other) = raw_pair()?;
        rustix::io::write(&other, b"unread")?;
        let readable = raw::watched_both_ways(one)?;
        drop(readable.readable().await?);
        let (one, other) = raw_pair()?;
        drop(other);
        let hung_up = raw::watched_both_ways(one)?;
        drop(hung_up.readable().await?);
        let (main, terminal) = raw::pseudo_terminal()?;
        let main = raw::watched_both_ways(main)?;
        drop(terminal);
        drop(main.readable().await?);
        assert_idle("raw").await;
        Ok(())
    });
}

async fn assert_idle(what: &str) {
    // What has just happened may still be told.
    time::sleep(Duration::from_millis(50)).await;
    let before = cpu_time();
    time::sleep(IDLE).await;
    let used = cpu_time() - before;
    assert!(used < CPU_LIMIT, "{what}: {used:?} of CPU time in an idle {IDLE:?}");
}

/// Of the whole process, which runs this scenario alone.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn refusing_address() -> io::Result<std::net::SocketAddr> {
    std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()
}

fn raw_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (one, other) = std::os::unix::net::UnixStream::pair()?;
    one.set_nonblocking(true)?;
    other.set_nonblocking(true)?;
    Ok((one.into(), other.into()))
}
