//! Unix domain sockets: streams, listeners, datagrams.

use std::fs;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixDatagram, UnixListener, UnixStream};
use tokio::task::JoinSet;

use crate::{new_path, on_both_runtimes, pattern};

#[test]
#[ignore = "a scenario"]
fn many_clients_of_a_listener_get_their_bytes_back() {
    on_both_runtimes(async || {
        let path = new_path("listener");
        let listener = UnixListener::bind(&path)?;
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
        for client in 0..32 {
            let path = path.clone();
            clients.spawn(async move {
                let sent = pattern(300_000 + client);
                let (mut reader, mut writer) =
                    UnixStream::connect(path).await.unwrap().into_split();
                let bytes = sent.clone();
                tokio::spawn(async move {
                    writer.write_all(&bytes).await.unwrap();
                    writer.shutdown().await.unwrap();
                });
                let mut received = Vec::new();
                reader.read_to_end(&mut received).await.unwrap();
                assert!(sent == received);
            });
        }
        while let Some(client) = clients.join_next().await {
            client?;
        }
        server.abort();
        fs::remove_file(path)
    });
}

#[test]
#[ignore = "a scenario"]
fn a_pair_plays_ping_pong() {
    on_both_runtimes(async || {
        let (mut here, mut there) = UnixStream::pair()?;
        let answering = tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok(length @ 1..) = there.read(&mut buffer).await {
                there.write_all(&buffer[..length]).await.unwrap();
            }
        });
        let mut buffer = [0; 512];
        for round in 0..2_000_u32 {
            here.write_all(&round.to_le_bytes()).await?;
            assert_eq!(here.read(&mut buffer).await?, 4);
            assert_eq!(buffer[..4], round.to_le_bytes());
        }
        drop(here);
        answering.await?;
        Ok(())
    });
}

/// A full queue makes the sender wait.
#[test]
#[ignore = "a scenario"]
fn datagrams_wait_for_room() {
    on_both_runtimes(async || {
        let (here, there) = UnixDatagram::pair()?;
        let sending = tokio::spawn(async move {
            for number in 0..5_000_u32 {
                here.send(&number.to_le_bytes()).await.unwrap();
            }
        });
        let mut buffer = [0; 64];
        for number in 0..5_000_u32 {
            assert_eq!(there.recv(&mut buffer).await?, 4);
            assert_eq!(buffer[..4], number.to_le_bytes());
        }
        sending.await?;
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn datagrams_find_a_path() {
    on_both_runtimes(async || {
        let path = new_path("datagram");
        let receiver = UnixDatagram::bind(&path)?;
        let sender = UnixDatagram::unbound()?;
        let mut buffer = [0; 64];
        for _ in 0..100 {
            let (sent, received) =
                tokio::join!(sender.send_to(b"hello", &path), receiver.recv_from(&mut buffer));
            assert_eq!((sent?, received?.0), (5, 5));
        }
        fs::remove_file(path)
    });
}
