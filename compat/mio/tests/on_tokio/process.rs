//! Child processes and signals.

use std::process::Stdio;
use std::time::Duration;
use std::{io, thread};

use rustix::process::{Signal, getpid, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use crate::{on_both_runtimes, pattern};

#[test]
#[ignore = "a scenario"]
fn a_child_ends_with_its_status() {
    on_both_runtimes(async || {
        let status = Command::new("sh").args(["-c", "sleep 0.05; exit 7"]).status().await?;
        assert_eq!(status.code(), Some(7));
        let output = Command::new("sh").args(["-c", "echo out; echo err >&2"]).output().await?;
        assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"out\n"[..], &b"err\n"[..]));
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn a_child_is_fed_and_read() {
    on_both_runtimes(async || {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        let sent = pattern(1 << 20);
        let bytes = sent.clone();
        let feeding = tokio::spawn(async move { input.write_all(&bytes).await });
        let mut received = Vec::new();
        output.read_to_end(&mut received).await?;
        feeding.await??;
        assert!(sent == received);
        assert!(child.wait().await?.success());
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn a_child_is_spoken_with_line_by_line() {
    on_both_runtimes(async || {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for round in 0..200 {
            input.write_all(format!("line {round}\n").as_bytes()).await?;
            assert_eq!(lines.next_line().await?, Some(format!("line {round}")));
        }
        drop(input);
        assert_eq!(lines.next_line().await?, None);
        assert!(child.wait().await?.success());
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn many_children_end() {
    on_both_runtimes(async || {
        let mut children = JoinSet::new();
        for child in 0..16 {
            children.spawn(async move {
                let script = format!("sleep 0.0{child}; exit {child}");
                let status = Command::new("sh").args(["-c", &script]).status().await.unwrap();
                assert_eq!(status.code(), Some(child));
            });
        }
        while let Some(child) = children.join_next().await {
            child?;
        }
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn a_child_is_killed() {
    on_both_runtimes(async || {
        let mut child = Command::new("sleep").arg("1000").spawn()?;
        child.kill().await?;
        assert!(!child.wait().await?.success());
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn signals_arrive() {
    on_both_runtimes(async || {
        let mut signals = signal(SignalKind::user_defined1())?;
        for _ in 0..20 {
            // From another thread, so that the runtime is asleep when it comes.
            let sending = thread::spawn(|| {
                thread::sleep(Duration::from_millis(2));
                kill_process(getpid(), Signal::USR1)
            });
            assert!(signals.recv().await.is_some());
            sending.join().map_err(|_| io::Error::other("the sender failed"))??;
        }
        Ok(())
    });
}
