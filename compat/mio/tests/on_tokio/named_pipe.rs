//! Named pipes of Windows, which take the completion port.

use std::env;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::windows::named_pipe::{ClientOptions, ServerOptions};
use tokio::time;

use crate::{on_both_runtimes, pattern};

/// `ERROR_PIPE_BUSY`: no instance of the pipe waits for a client.
const PIPE_BUSY: i32 = 231;

/// A name that no other test uses.
fn any_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(r"\\.\pipe\omnipoll-tokio-{}-{count}", std::process::id())
}

/// The other backends wait for sockets alone, and say so.
fn has_pipes() -> bool {
    env::var("OMNIPOLL_BACKEND").is_ok_and(|backend| backend == "iocp")
}

#[test]
#[ignore = "a scenario"]
fn a_client_is_served() {
    on_both_runtimes(async || {
        let name = any_name();
        let server = ServerOptions::new().first_pipe_instance(true).create(&name);
        if !has_pipes() {
            assert_eq!(server.unwrap_err().kind(), io::ErrorKind::Unsupported);
            return Ok(());
        }
        let mut server = server?;
        let serving = tokio::spawn(async move {
            server.connect().await?;
            let mut received = vec![0; 1 << 20];
            server.read_exact(&mut received).await?;
            server.write_all(&received).await?;
            server.flush().await?;
            // Until the client has gone, who would lose what it has not read.
            let rest = server.read(&mut [0; 8]).await?;
            io::Result::Ok(rest)
        });
        let client = ClientOptions::new().open(&name)?;
        let (mut reader, mut writer) = tokio::io::split(client);
        let sent = pattern(1 << 20);
        let bytes = sent.clone();
        let writing = tokio::spawn(async move {
            writer.write_all(&bytes).await?;
            io::Result::Ok(writer)
        });
        let mut received = vec![0; sent.len()];
        reader.read_exact(&mut received).await?;
        assert!(received == sent);
        drop((reader, writing.await??));
        assert_eq!(serving.await??, 0);
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn one_client_after_another() {
    if !has_pipes() {
        return;
    }
    on_both_runtimes(async || {
        let name = any_name();
        let mut server = ServerOptions::new().first_pipe_instance(true).create(&name)?;
        for round in 0..20 {
            // Nobody can come before the server waits.
            let coming = async {
                loop {
                    match ClientOptions::new().open(&name) {
                        Err(error) if error.raw_os_error() == Some(PIPE_BUSY) => {
                            time::sleep(Duration::from_millis(1)).await;
                        }
                        result => return result,
                    }
                }
            };
            let ((), mut client) = tokio::try_join!(server.connect(), coming)?;
            client.write_all(&[round]).await?;
            assert_eq!(server.read_u8().await?, round);
            server.write_all(&[round + 1]).await?;
            assert_eq!(client.read_u8().await?, round + 1);
            drop(client);
            server.disconnect()?;
        }
        Ok(())
    });
}
