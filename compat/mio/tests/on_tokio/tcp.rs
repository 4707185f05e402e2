//! TCP: many clients, large transfers, short reads, half-close.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time;

use crate::{on_both_runtimes, pattern};

#[test]
#[ignore = "a scenario"]
fn many_clients_get_their_bytes_back() {
    on_both_runtimes(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let (mut reader, mut writer) = stream.split();
                    tokio::io::copy(&mut reader, &mut writer).await.unwrap();
                });
            }
        });
        let mut clients = JoinSet::new();
        for client in 0..64 {
            clients.spawn(async move {
                let sent = pattern(100_000 + client * 1_000);
                let mut received = Vec::new();
                let stream = TcpStream::connect(address).await.unwrap();
                let (mut reader, mut writer) = stream.into_split();
                let bytes = sent.clone();
                let writing = tokio::spawn(async move {
                    writer.write_all(&bytes).await.unwrap();
                    writer.shutdown().await.unwrap();
                });
                reader.read_to_end(&mut received).await.unwrap();
                writing.await.unwrap();
                assert!(sent == received);
            });
        }
        while let Some(client) = clients.join_next().await {
            client?;
        }
        server.abort();
        Ok(())
    });
}

/// tokio takes a read that came up short for the end of the data, and waits for an
/// event without having been told `WouldBlock`.
#[test]
#[ignore = "a scenario"]
fn short_reads_are_followed_by_events() {
    on_both_runtimes(async || {
        let (mut here, mut there) = connected().await?;
        let answering = tokio::spawn(async move {
            let mut buffer = [0; 4096];
            loop {
                let length = there.read(&mut buffer).await.unwrap();
                if length == 0 {
                    break;
                }
                there.write_all(&buffer[..length]).await.unwrap();
            }
        });
        let mut buffer = [0; 4096];
        for round in 0..2_000 {
            let bytes = pattern(1 + round % 50);
            here.write_all(&bytes).await?;
            let mut received = 0;
            while received < bytes.len() {
                received += here.read(&mut buffer[received..]).await?;
            }
            assert_eq!(&buffer[..received], bytes);
            if round % 500 == 0 {
                // Long enough for the other side to be asleep in a wait.
                time::sleep(Duration::from_millis(5)).await;
            }
        }
        drop(here);
        answering.await?;
        Ok(())
    });
}

/// The writer finds no room again and again.
#[test]
#[ignore = "a scenario"]
fn a_slow_reader_gets_all() {
    on_both_runtimes(async || {
        let (mut here, mut there) = connected().await?;
        let sent = pattern(8 << 20);
        let bytes = sent.clone();
        let writing = tokio::spawn(async move { here.write_all(&bytes).await });
        let mut received = Vec::new();
        let mut buffer = vec![0; 300_000];
        loop {
            let length = there.read(&mut buffer).await?;
            if length == 0 {
                break;
            }
            received.extend_from_slice(&buffer[..length]);
            if received.len() % 7 == 0 {
                time::sleep(Duration::from_millis(1)).await;
            }
        }
        writing.await??;
        assert!(sent == received);
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn a_half_closed_stream_goes_on_in_the_other_direction() {
    on_both_runtimes(async || {
        let (mut here, mut there) = connected().await?;
        here.write_all(b"question").await?;
        here.shutdown().await?;
        let mut text = String::new();
        there.read_to_string(&mut text).await?;
        assert_eq!(text, "question");
        // The end was seen; each of these must still find the stream writable.
        for _ in 0..100 {
            there.write_all(b"answer").await?;
            time::sleep(Duration::from_micros(100)).await;
        }
        let more = pattern(2 << 20);
        let writing = tokio::spawn(async move { there.write_all(&more).await });
        let mut received = Vec::new();
        here.read_to_end(&mut received).await?;
        writing.await??;
        assert_eq!(received.len(), 600 + (2 << 20));
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn both_directions_wait_at_once() {
    on_both_runtimes(async || {
        let (here, there) = connected().await?;
        let mut tasks = JoinSet::new();
        for (stream, seed) in [(here, 1), (there, 2)] {
            let (mut reader, mut writer) = stream.into_split();
            tasks.spawn(async move {
                let bytes = pattern((4 << 20) + seed);
                writer.write_all(&bytes).await.unwrap();
                writer.shutdown().await.unwrap();
            });
            tasks.spawn(async move {
                let mut received = Vec::new();
                reader.read_to_end(&mut received).await.unwrap();
                assert!(received == pattern(received.len()) && received.len() > 4 << 20);
            });
        }
        while let Some(task) = tasks.join_next().await {
            task?;
        }
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn a_refused_connection_is_told() {
    on_both_runtimes(async || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        drop(listener);
        let error = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        Ok(())
    });
}

/// Tokens of tokio are pointers: one that came back after its source had gone would
/// crash the program.
#[test]
#[ignore = "a scenario"]
fn connections_come_and_go() {
    on_both_runtimes(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let _ = stream.write_all(b"some bytes that may go unread").await;
                    let _ = stream.read(&mut [0; 64]).await;
                });
            }
        });
        let mut clients = JoinSet::new();
        for client in 0..600_u64 {
            clients.spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                match client % 4 {
                    0 => drop(stream),
                    1 => stream.write_all(b"hello").await.unwrap(),
                    2 => assert_ne!(stream.read(&mut [0; 4]).await.unwrap(), 0),
                    _ => {
                        let mut buffer = [0; 64];
                        let read = stream.read(&mut buffer);
                        // Dropped while it waits, or just after.
                        let _ = time::timeout(Duration::from_micros(client), read).await;
                    }
                }
            });
            if client % 50 == 49 {
                while let Some(client) = clients.join_next().await {
                    client?;
                }
            }
        }
        while let Some(client) = clients.join_next().await {
            client?;
        }
        accepting.abort();
        Ok(())
    });
}

pub(crate) async fn connected() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let here = TcpStream::connect(listener.local_addr()?);
    let (here, accepted) = tokio::join!(here, listener.accept());
    Ok((here?, accepted?.0))
}
