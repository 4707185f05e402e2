use std::io::{Read, Write};
use std::net::Shutdown;
use std::thread;

use omnipoll::Backend;

use crate::support::{Example, connect};

#[test]
fn answers_once_the_question_has_ended() {
    for backend in Backend::available() {
        let mut server = Example::start("half_close", backend, &["127.0.0.1:0"]);
        let address = server.address(backend);
        for (question, answer) in [
            ("pear\napple\nfig\n", "apple\nfig\npear\n"),
            // The end of the last line is not needed.
            ("b\na", "a\nb\n"),
            ("\n", "\n"),
            ("", ""),
        ] {
            assert_eq!(sorted(&address, question), answer);
        }
        assert!(server.is_running());
    }
}

/// Larger than what the kernel keeps on the way, so that it goes out bit by bit.
#[test]
fn a_long_answer_is_whole() {
    for backend in Backend::available() {
        let mut server = Example::start("half_close", backend, &["127.0.0.1:0"]);
        let address = server.address(backend);
        let mut lines: Vec<_> = (0..12_000_u32)
            .map(|line| format!("{:08x}", line.wrapping_mul(2_654_435_761)).repeat(125))
            .collect();
        let question = lines.join("\n") + "\n";
        lines.sort_unstable();
        let answer = lines.join("\n") + "\n";
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| assert!(sorted(&address, &question) == answer));
            }
        });
        assert!(server.is_running());
    }
}

#[test]
fn who_sends_too_much_is_sent_away() {
    for backend in Backend::available() {
        let mut server = Example::start("half_close", backend, &["127.0.0.1:0"]);
        let address = server.address(backend);
        let mut endless = connect(&address);
        let mut sent = 0;
        while endless.write_all(&[b'\n'; 1 << 16]).is_ok() {
            sent += 1 << 16;
            assert!(sent < 1 << 30, "{sent} bytes were taken");
        }
        assert_eq!(sorted(&address, "next\n"), "next\n");
        assert!(server.is_running());
    }
}

fn sorted(address: &str, question: &str) -> String {
    let mut stream = connect(address);
    stream.write_all(question.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
