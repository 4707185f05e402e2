//! The test is the user: it holds the main side of a terminal, on which the example runs.

use std::os::fd::{AsRawFd, OwnedFd};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use omnipoll::unix::SourceFd;
use omnipoll::{Backend, Events, Interest, Poll, Token};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OutputModes, Winsize, tcgetattr, tcsetwinsize};
use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::support::{Example, LIMIT, command, pseudo_terminal, wait};

#[test]
fn a_shell_is_used_from_a_terminal() {
    end_by_control_c();
    for backend in Backend::available() {
        let mut user = User::start(backend, &["sh"]);
        user.see("ready> ");
        // Calculated, so that it is not the echo of what was typed.
        user.type_in(b"echo answer $((40 + 2))\r");
        user.see("answer 42\r\n");
        user.type_in(b"tty\r");
        user.see("/dev/pts/");
        user.see("ready> ");
        user.type_in(b"cat\rto the cat\r");
        user.see("to the cat\r\nto the cat\r\n");
        // Control-C reaches the cat, and neither the shell nor the example.
        user.type_in(b"\x03");
        user.see("ready> ");
        user.type_in(b"echo alive $((2 + 2))\r");
        user.see("alive 4\r\n");
        user.type_in(b"exit 7\r");
        assert_eq!(user.code(), Some(7), "{backend}");
    }
}

#[test]
fn the_size_of_the_window_is_passed_on() {
    for backend in Backend::available() {
        let mut user = User::start(backend, &["sh"]);
        for (rows, columns) in [(31, 97), (50, 132)] {
            let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
            user.see("ready> ");
            tcsetwinsize(&user.main, size).unwrap();
            user.type_in(b"stty size\r");
            user.see(&format!("{rows} {columns}\r\n"));
        }
        user.type_in(b"exit\r");
        assert_eq!(user.code(), Some(0), "{backend}");
    }
}

/// More than finds room at once, there and back.
#[test]
fn what_is_pasted_arrives_whole() {
    let text: Vec<u8> =
        (0..100_000_u32).map(|number| b'!' + (number.wrapping_mul(number) % 89) as u8).collect();
    let script = format!("stty raw -echo; echo go; head -c {}", text.len());
    for backend in Backend::available() {
        let mut user = User::start(backend, &["sh", "-c", &script]);
        user.see("go\n");
        user.type_in(&text);
        user.see(std::str::from_utf8(&text).unwrap());
        assert_eq!(user.code(), Some(0), "{backend}");
    }
}

/// The last output comes before the end.
#[test]
fn what_is_shown_arrives_whole() {
    for backend in Backend::available() {
        let mut example = Example::start("pty_terminal", backend, &["seq", "1", "20000"]);
        let shown = example.rest();
        assert_eq!(shown.len(), 20_000, "{backend}");
        assert!((1..).zip(&shown).all(|(number, line)| *line == number.to_string()));
        assert!(example.ended_well());
    }
}

#[test]
fn the_input_need_not_be_a_terminal() {
    for backend in Backend::available() {
        let mut example = Example::start("pty_terminal", backend, &["sh"]);
        example.say("echo answer $((40 + 2))");
        // It stands for control-D.
        example.end_input();
        let shown = example.rest();
        assert!(shown.iter().any(|line| line.ends_with("answer 42")), "{shown:?}");
        assert!(example.ended_well());
    }
}

/// Has control-C end what the tests start, as it does for a user.
///
/// A script that runs the tests by `&` has them ignore it, and what is ignored is inherited:
/// by the example, the shell and the cat. What is handled starts as the default. Here, too,
/// the handler does what the default does.
fn end_by_control_c() {
    flag::register_conditional_default(SIGINT, Arc::new(AtomicBool::new(true))).unwrap();
}

struct User {
    backend: Backend,
    main: OwnedFd,
    /// Kept open, so that the terminal does not hang up when the example ends.
    terminal: OwnedFd,
    example: Child,
    poll: Poll,
    /// What was shown, and has not been looked for yet.
    shown: Vec<u8>,
}

impl User {
    fn start(backend: Backend, arguments: &[&str]) -> User {
        let (main, terminal) = pseudo_terminal();
        rustix::io::ioctl_fionbio(&main, true).unwrap();
        let side = || terminal.try_clone().unwrap();
        let mut command = command("pty_terminal", backend);
        command.args(arguments).env("PS1", "ready> ").env_remove("ENV");
        let example = command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
        let poll = Poll::builder().retry_interrupted(true).build().unwrap();
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut SourceFd(&main.as_raw_fd()), Token(0), both).unwrap();
        User { backend, main, terminal, example, poll, shown: Vec::new() }
    }

    fn type_in(&mut self, mut keys: &[u8]) {
        while !keys.is_empty() {
            match rustix::io::write(&self.main, keys) {
                Ok(length) => keys = &keys[length..],
                Err(Errno::AGAIN) => self.wait("room for keys"),
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Waits until `text` is shown, and looks no more at what is before it.
    #[track_caller]
    fn see(&mut self, text: &str) {
        loop {
            let place = self.shown.windows(text.len()).position(|shown| shown == text.as_bytes());
            if let Some(place) = place {
                self.shown.drain(..place + text.len());
                return;
            }
            self.wait(text);
        }
    }

    /// Waits for an event, and reads what there is.
    #[track_caller]
    fn wait(&mut self, what: &str) {
        let mut events = Events::with_capacity(1);
        self.poll.poll_until(&mut events, Instant::now() + LIMIT).unwrap();
        let shown = String::from_utf8_lossy(&self.shown);
        let backend = self.backend;
        assert!(!events.is_empty(), "{backend}: {what:?} does not come after {shown:?}");
        let mut buffer = [0; 4096];
        loop {
            match rustix::io::read(&self.main, &mut buffer) {
                Ok(length) => self.shown.extend_from_slice(&buffer[..length]),
                Err(Errno::AGAIN) => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// How the example ended. It leaves the terminal as it was.
    fn code(&mut self) -> Option<i32> {
        let code = wait(&mut self.example)?.code();
        let after = tcgetattr(&self.terminal).unwrap();
        let cooked = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        assert!(
            after.local_modes.contains(cooked) && after.output_modes.contains(OutputModes::OPOST)
        );
        code
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.example.kill();
        let _ = self.example.wait();
    }
}
