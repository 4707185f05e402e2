use std::fs;
use std::process::Stdio;

use omnipoll::Backend;
use omnipoll::unix::pipe;

use crate::support::{Example, TemporaryFolder, command, pseudo_terminal, refusal, wait};

#[test]
fn talks_both_ways_and_survives_the_other_side() {
    for backend in Backend::available() {
        let folder = TemporaryFolder::new(&format!("chat-{backend}"));
        let (anna, ben) = (folder.path("anna"), folder.path("ben"));
        let mut first = Example::start("fifo_chat", backend, &[&anna, &ben]);
        assert!(first.line().starts_with("listening on"));
        first.say("too early");
        assert_eq!(first.line(), "(nobody is there)");

        for round in 0..3 {
            let mut second = Example::start("fifo_chat", backend, &[&ben, &anna]);
            assert!(second.line().starts_with("listening on"));
            for line in 0..5 {
                first.say(&format!("ping {round} {line}"));
                assert_eq!(second.line(), format!("ping {round} {line}"));
                second.say(&format!("pong {round} {line}"));
                assert_eq!(first.line(), format!("pong {round} {line}"));
            }
            second.end_input();
            assert!(second.ended_well());
            assert_eq!(first.line(), "(they left)");
            first.say("gone?");
            assert_eq!(first.line(), "(nobody is there)");
        }
        first.end_input();
        assert!(first.ended_well());
    }
}

#[test]
fn reads_a_file() {
    for backend in Backend::available() {
        let folder = TemporaryFolder::new(&format!("letter-{backend}"));
        let (anna, ben, letter) = (folder.path("anna"), folder.path("ben"), folder.path("letter"));
        fs::write(&letter, "dear anna\n").unwrap();
        let mut first = Example::start("fifo_chat", backend, &[&anna, &ben]);
        assert!(first.line().starts_with("listening on"));
        let status = command("fifo_chat", backend)
            .args([&ben, &anna])
            .stdin(fs::File::open(&letter).unwrap())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        assert_eq!(first.line(), "dear anna");
    }
}

#[test]
fn reads_a_terminal() {
    for backend in Backend::available() {
        let folder = TemporaryFolder::new(&format!("terminal-{backend}"));
        let (anna, ben) = (folder.path("anna"), folder.path("ben"));
        let mut first = Example::start("fifo_chat", backend, &[&anna, &ben]);
        assert!(first.line().starts_with("listening on"));
        let (main, terminal) = pseudo_terminal();
        let mut typed = command("fifo_chat", backend)
            .args([&ben, &anna])
            .stdin(terminal)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        rustix::io::write(&main, b"typed by hand\n").unwrap();
        assert_eq!(first.line(), "typed by hand");
        // Control-D.
        rustix::io::write(&main, b"\x04").unwrap();
        assert!(wait(&mut typed).is_some_and(|status| status.success()));
    }
}

#[test]
fn takes_a_fifo_that_is_there_and_nothing_else() {
    for backend in Backend::available() {
        let folder = TemporaryFolder::new(&format!("taken-{backend}"));
        let file = folder.path("file");
        fs::write(&file, "plain").unwrap();
        let mut refused = command("fifo_chat", backend);
        refused.args([&file, "else"]);
        let text = refusal(refused);
        assert!(text.contains("not a FIFO"), "{text}");
        let fifo = folder.path("fifo");
        pipe::create_fifo(&fifo, 0o600).unwrap();
        let mut taken = Example::start("fifo_chat", backend, &[&fifo, "else"]);
        taken.end_input();
        assert!(taken.ended_well());
    }
}
