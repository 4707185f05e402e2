//! A terminal within the terminal: a shell on a pseudo-terminal, and a loop between the two.
//!
//! Try `cargo run --example pty_terminal`, and in it `tty`, `stty size`, `vi`, control-C, `exit`;
//! or `cargo run --example pty_terminal -- ls -l`. So do `script`, `tmux` and `sshd`.
//!
//! A pseudo-terminal has two sides. On one, programs run as on any terminal; who holds the
//! other, the *main* side, is their keyboard and screen. What to know:
//!
//! - Raw mode hands each key on, control-C too. It must be undone on every way out.
//! - The programs' side must not stay open here, or its end, `EIO`, never shows.
//! - What is typed may find no room. Then no more is read, until an event tells of room.
//! - The outer shell has the user's terminal open too, so it is not made non-blocking here. By
//!   one read for an event, nothing blocks.

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("pty_terminal: other systems open a pseudo-terminal in other ways than Linux");
}

#[cfg(target_os = "linux")]
fn main() {
    let result = terminal::run();
    if let Err(error) = &result {
        eprintln!("pty_terminal: {error}");
    }
    std::process::exit(result.unwrap_or(1));
}

#[cfg(target_os = "linux")]
mod terminal {
    use std::env;
    use std::io::{self, Write, stdin, stdout};
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::process::{Child, Command};

    use omnipoll::unix::SourceFd;
    use omnipoll::{Events, Interest, Poll, Token};
    use rustix::io::{Errno, ioctl_fionbio, read, write};
    use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
    use rustix::termios::{OptionalActions, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};

    const KEYBOARD: Token = Token(0);
    const SHELL: Token = Token(1);
    const KEYS: Interest = Interest::READABLE.oneshot();
    const OUTPUT: Interest = Interest::READABLE.level();

    pub(super) fn run() -> io::Result<i32> {
        let (main, mut shell) = start_shell()?;
        // It fails if the input is no terminal.
        let before = tcgetattr(stdin());
        if let Ok(mut raw) = before.clone() {
            raw.make_raw();
            tcsetattr(stdin(), OptionalActions::Now, &raw)?;
        }
        let relayed = relay(&main);
        before.and_then(|before| tcsetattr(stdin(), OptionalActions::Now, &before)).ok();
        relayed?;
        Ok(shell.wait()?.code().unwrap_or(1))
    }

    /// The main side, and a shell on the other.
    fn start_shell() -> io::Result<(OwnedFd, Child)> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let main = openpt(flags)?;
        unlockpt(&main)?;
        ioctl_fionbio(&main, true)?;
        let side = ioctl_tiocgptpeer(&main, flags)?;
        // setsid(1) makes it the terminal whose control-C reaches the shell.
        let mut command = Command::new("setsid");
        command.arg("-c").stdin(side.try_clone()?).stdout(side.try_clone()?).stderr(side);
        match env::args_os().len() {
            1 => command.arg(env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into())),
            _ => command.args(env::args_os().skip(1)),
        };
        // When `command` is dropped here, that side is closed.
        Ok((main, command.spawn()?))
    }

    /// Passes on what is typed and what is shown, until the shell's side is closed.
    fn relay(main: &OwnedFd) -> io::Result<()> {
        // The input may be a file.
        let mut poll = Poll::builder().always_ready_files(true).retry_interrupted(true).build()?;
        let (keyboard, shell) = (stdin().as_raw_fd(), main.as_raw_fd());
        let (mut keyboard, mut shell) = (SourceFd(&keyboard), SourceFd(&shell));
        poll.registry().register(&mut keyboard, KEYBOARD, KEYS)?;
        poll.registry().register(&mut shell, SHELL, OUTPUT)?;
        let (mut events, mut buffer) = (Events::with_capacity(2), [0; 4096]);
        let (mut typed, mut has_ended) = (Vec::new(), false);
        loop {
            // In each round, for want of a handler of SIGWINCH. The input may have no size.
            let _ = tcgetwinsize(stdin()).and_then(|size| tcsetwinsize(main, size));
            // That the shell has gone shows below.
            let taken = write(main, &typed).unwrap_or(0);
            typed.drain(..taken);
            let room = if typed.is_empty() { OUTPUT } else { OUTPUT | Interest::WRITABLE };
            poll.registry().reregister(&mut shell, SHELL, room)?;
            if typed.is_empty() && !has_ended {
                poll.registry().reregister(&mut keyboard, KEYBOARD, KEYS)?;
            }
            poll.poll(&mut events, None)?;
            for event in &events {
                if event.token() == KEYBOARD {
                    let length = read(stdin(), &mut buffer)?;
                    has_ended = length == 0;
                    // At its end the user would type control-D.
                    typed.extend_from_slice(if has_ended { b"\x04" } else { &buffer[..length] });
                    continue;
                }
                match read(main, &mut buffer) {
                    Err(Errno::IO) => return Ok(()),
                    Err(Errno::AGAIN) => {}
                    length => stdout().write_all(&buffer[..length?])?,
                }
                stdout().flush()?;
            }
        }
    }
}
