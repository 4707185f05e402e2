//! Pipes and FIFOs.

use std::time::Duration;
use std::{fs, io};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::time;

use crate::{new_path, on_both_runtimes, pattern};

#[test]
#[ignore = "a scenario"]
fn a_pipe_carries_more_than_it_holds() {
    on_both_runtimes(async || {
        let (mut sender, mut receiver) = pipe::pipe()?;
        let sent = pattern(3 << 20);
        let bytes = sent.clone();
        let writing = tokio::spawn(async move { sender.write_all(&bytes).await });
        let mut received = Vec::new();
        receiver.read_to_end(&mut received).await?;
        writing.await??;
        assert!(sent == received);
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn short_reads_of_a_pipe_are_followed_by_events() {
    on_both_runtimes(async || {
        let (mut sender, mut receiver) = pipe::pipe()?;
        let (mut back, mut answers) = pipe::pipe()?;
        let answering = tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok(length @ 1..) = receiver.read(&mut buffer).await {
                back.write_all(&buffer[..length]).await.unwrap();
            }
        });
        let mut buffer = [0; 512];
        for round in 0..2_000_u32 {
            sender.write_all(&round.to_le_bytes()).await?;
            assert_eq!(answers.read(&mut buffer).await?, 4);
            assert_eq!(buffer[..4], round.to_le_bytes());
        }
        drop(sender);
        answering.await?;
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn a_reader_that_leaves_is_told() {
    on_both_runtimes(async || {
        let (mut sender, receiver) = pipe::pipe()?;
        let leaving = tokio::spawn(async move {
            time::sleep(Duration::from_millis(20)).await;
            drop(receiver);
        });
        let error = sender.write_all(&pattern(1 << 20)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        leaving.await?;
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn a_fifo_serves_one_writer_after_another() {
    on_both_runtimes(async || {
        let path = new_path("fifo");
        omnipoll::unix::pipe::create_fifo(&path, 0o600)?;
        let mut receiver = pipe::OpenOptions::new().open_receiver(&path)?;
        for round in 0..20_u8 {
            let mut sender = pipe::OpenOptions::new().open_sender(&path)?;
            let writing = tokio::spawn(async move {
                time::sleep(Duration::from_millis(2)).await;
                sender.write_all(&[round; 10]).await.unwrap();
            });
            let mut received = [0; 10];
            receiver.read_exact(&mut received).await?;
            assert_eq!(received, [round; 10]);
            writing.await?;
            // The writer has gone.
            assert_eq!(receiver.read(&mut received).await?, 0);
        }
        fs::remove_file(path)
    });
}
