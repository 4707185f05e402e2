//! The states of both sides of pseudo-terminals. PT-1 is about them.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use omnipoll::IoSource;
use rustix::pty::OpenptFlags;
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex};

use super::cell::{Cell, Kind, cell};
use super::flags::{ERR, HUP, IN, NONE, OUT, PRI};
use super::scene::Scene;
use super::subject::Subject;
use crate::system;

pub(crate) const MAIN: Kind = Kind { name: "pty, main side", has_priority: true, cells: main };
pub(crate) const RAW: Kind = Kind { name: "terminal, raw", has_priority: false, cells: raw };
pub(crate) const LINES: Kind = Kind { name: "terminal, lines", has_priority: false, cells: lines };

/// What ends the input of a terminal that reads lines, as a key.
const END: &[u8] = b"\x04";

fn main() -> Vec<Cell> {
    let mut cells = both_sides(main_side);
    cells.extend([
        cell("terminal not opened yet", main_alone, [], OUT),
        cell("terminal opened", main_alone, [open_terminal], OUT),
        cell("terminal closed", main_side, [Scene::close_peer], OUT | HUP),
        cell("a byte, terminal closed", main_side, [a_byte, Scene::close_peer], IN | OUT | HUP),
        cell(
            "terminal closed, byte taken",
            main_side,
            [a_byte, Scene::close_peer, Scene::take_all],
            OUT | HUP,
        ),
        cell("terminal opened again", main_side, [Scene::close_peer, open_terminal], OUT),
        cell(
            "one of two terminals closed",
            main_side,
            [Scene::duplicate_peer, Scene::close_peer],
            OUT,
        ),
        cell("full, terminal closed", main_side, [Scene::fill, Scene::close_peer], HUP),
        cell("packet mode, flushed", main_side, [packet_mode, flush_terminal], IN | OUT | PRI),
        cell(
            "packet mode, flush taken",
            main_side,
            [packet_mode, flush_terminal, Scene::take_all],
            OUT,
        ),
    ]);
    cells
}

fn raw() -> Vec<Cell> {
    let hung_up = IN | OUT | ERR | HUP;
    let mut cells = both_sides(raw_terminal);
    cells.extend([
        cell("less than it waits for", raw_terminal, [wait_for_four, |s| s.type_in(b"abc")], OUT),
        cell(
            "as much as it waits for",
            raw_terminal,
            [wait_for_four, |s| s.type_in(b"abcd")],
            IN | OUT,
        ),
        cell("main side closed", raw_terminal, [Scene::close_peer], hung_up),
        cell("a byte, main side closed", raw_terminal, [a_byte, Scene::close_peer], hung_up),
        cell("full, main side closed", raw_terminal, [Scene::fill, Scene::close_peer], hung_up),
    ]);
    cells
}

fn lines() -> Vec<Cell> {
    let hung_up = IN | OUT | ERR | HUP;
    vec![
        cell("empty", line_terminal, [], OUT),
        cell("half a line", line_terminal, [|s| s.type_in(b"half")], OUT),
        cell("a line", line_terminal, [a_line], IN | OUT),
        cell("a line, taken", line_terminal, [a_line, |s| s.take(100)], OUT),
        cell("a line and a half", line_terminal, [|s| s.type_in(b"one\ntwo")], IN | OUT),
        cell(
            "half a line, first taken",
            line_terminal,
            [|s| s.type_in(b"one\ntwo"), |s| s.take(100)],
            OUT,
        ),
        cell(
            "two lines, one taken",
            line_terminal,
            [|s| s.type_in(b"one\ntwo\n"), |s| s.take(100)],
            IN | OUT,
        ),
        cell("end", line_terminal, [|s| s.type_in(END)], IN | OUT),
        cell("end, taken", line_terminal, [|s| s.type_in(END), |s| s.take(100)], OUT),
        cell(
            "half a line, end",
            line_terminal,
            [|s| s.type_in(b"half"), |s| s.type_in(END)],
            IN | OUT,
        ),
        cell("main side closed", line_terminal, [Scene::close_peer], hung_up),
        cell(
            "half a line, main side closed",
            line_terminal,
            [|s| s.type_in(b"half"), Scene::close_peer],
            hung_up,
        ),
    ]
}

fn both_sides(side: fn() -> Scene) -> Vec<Cell> {
    vec![
        cell("empty", side, [], OUT),
        cell("a byte", side, [a_byte], IN | OUT),
        cell("a byte, taken", side, [a_byte, Scene::take_all], OUT),
        cell("much", side, [|s| s.receive(&[b'x'; 2000])], IN | OUT),
        cell("much, some taken", side, [|s| s.receive(&[b'x'; 2000]), |s| s.take(100)], IN | OUT),
        cell("full", side, [Scene::fill], NONE),
        cell("full, drained", side, [Scene::fill, Scene::make_room], OUT),
    ]
}

fn main_side() -> Scene {
    let (ours, theirs) = open_pty();
    Scene::new(Subject::Other(IoSource::new(ours)), vec![theirs])
}

fn raw_terminal() -> Scene {
    let (theirs, ours) = open_pty();
    Scene::new(Subject::Other(IoSource::new(ours)), vec![theirs])
}

fn line_terminal() -> Scene {
    let scene = raw_terminal();
    let mut settings = rustix::termios::tcgetattr(scene.fd()).expect("settings");
    settings.local_modes |= LocalModes::ICANON;
    settings.special_codes[SpecialCodeIndex::VEOF] = END[0];
    set(scene.fd(), &settings);
    scene
}

fn main_alone() -> Scene {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let main = rustix::pty::openpt(flags).expect("openpt");
    rustix::pty::grantpt(&main).expect("grantpt");
    rustix::pty::unlockpt(&main).expect("unlockpt");
    rustix::io::ioctl_fionbio(&main, true).expect("non-blocking");
    Scene::new(Subject::Other(IoSource::new(main)), vec![])
}

/// The main side and the terminal, in raw mode.
fn open_pty() -> (OwnedFd, OwnedFd) {
    let (main, terminal) = system::open_pty();
    for side in [&main, &terminal] {
        rustix::io::ioctl_fionbio(side, true).expect("non-blocking");
    }
    (main, terminal)
}

fn open_terminal(scene: &mut Scene) {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let terminal = rustix::pty::ioctl_tiocgptpeer(scene.fd(), flags).expect("open the terminal");
    scene.others.insert(0, terminal);
}

fn a_byte(scene: &mut Scene) {
    scene.receive(b"x");
}

fn a_line(scene: &mut Scene) {
    scene.type_in(b"a line\n");
}

/// A read is to wait for four bytes.
fn wait_for_four(scene: &mut Scene) {
    let mut settings = rustix::termios::tcgetattr(scene.fd()).expect("settings");
    settings.special_codes[SpecialCodeIndex::VMIN] = 4;
    settings.special_codes[SpecialCodeIndex::VTIME] = 0;
    set(scene.fd(), &settings);
}

fn set(terminal: BorrowedFd<'_>, settings: &rustix::termios::Termios) {
    rustix::termios::tcsetattr(terminal, OptionalActions::Now, settings).expect("settings");
}

/// Has the main side told of what happens to the terminal.
#[allow(unsafe_code, reason = "no safe crate offers this call")]
fn packet_mode(scene: &mut Scene) {
    let on: libc::c_int = 1;
    // SAFETY: the call reads the one number that it is given the address of.
    let set = unsafe { libc::ioctl(scene.fd().as_raw_fd(), libc::TIOCPKT, &raw const on) };
    assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
}

fn flush_terminal(scene: &mut Scene) {
    rustix::termios::tcflush(scene.peer(), QueueSelector::IFlush).expect("flush");
    scene.until(PRI);
}

impl Scene {
    /// The main side types.
    fn type_in(&mut self, keys: &[u8]) {
        assert_eq!(rustix::io::write(self.peer(), keys), Ok(keys.len()));
    }
}
