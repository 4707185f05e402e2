//! The states of both sides of pseudo-terminals.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;

use rustix::pty::OpenptFlags;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

use super::other::as_source;
use super::{Kind, State, state};
use crate::probe::answers::Answers;
use crate::probe::scene::{End, Scene, a_byte, close_other, fill};

/// What ends the input of a terminal that reads lines, as a key.
const END: &[u8] = b"\x04";

pub(super) fn kinds() -> [Kind; 3] {
    [
        Kind::new("pty, main side", as_source, main_sides()),
        Kind::new("terminal, raw", as_source, raw_terminals()),
        Kind::new("terminal, lines", as_source, line_terminals()),
    ]
}

fn main_sides() -> Vec<State<File>> {
    vec![
        state("terminal not opened yet", || Ok(Scene::new(open_main()?, vec![])), []),
        state("empty", main_side, []),
        state("a byte", main_side, [a_byte]),
        state("full", main_side, [fill]),
        state("terminal closed", main_side, [close_other]),
        state("a byte, terminal closed", main_side, [a_byte, close_other]),
    ]
}

fn raw_terminals() -> Vec<State<File>> {
    vec![
        state("empty", raw_terminal, []),
        state("a byte", raw_terminal, [a_byte]),
        state("full", raw_terminal, [fill]),
        state("main side closed", raw_terminal, [close_other]),
    ]
}

fn line_terminals() -> Vec<State<File>> {
    vec![
        state("empty", line_terminal, []),
        state("half a line", line_terminal, [|s| type_in(s, b"half", Answers::NONE)]),
        state("a line", line_terminal, [|s| type_in(s, b"a line\n", Answers::READABLE)]),
        state("end", line_terminal, [|s| type_in(s, END, Answers::READABLE)]),
        state("main side closed", line_terminal, [close_other]),
    ]
}

fn main_side() -> io::Result<Scene<File>> {
    let (main, terminal) = open_pty()?;
    Ok(Scene::new(main, vec![terminal]))
}

fn raw_terminal() -> io::Result<Scene<File>> {
    let (main, terminal) = open_pty()?;
    Ok(Scene::new(terminal, vec![main]))
}

fn line_terminal() -> io::Result<Scene<File>> {
    let scene = raw_terminal()?;
    let mut settings = tcgetattr(&scene.ours)?;
    settings.local_modes |= LocalModes::ICANON;
    settings.special_codes[SpecialCodeIndex::VEOF] = END[0];
    tcsetattr(&scene.ours, OptionalActions::Now, &settings)?;
    Ok(scene)
}

/// The main side and the terminal, in raw mode.
fn open_pty() -> io::Result<(File, File)> {
    let main = open_main()?;
    let name = rustix::pty::ptsname(&main, Vec::new())?;
    let terminal = File::options()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOCTTY | libc::O_NONBLOCK)
        .open(OsStr::from_bytes(name.as_bytes()))?;
    let mut settings = tcgetattr(&terminal)?;
    settings.make_raw();
    tcsetattr(&terminal, OptionalActions::Now, &settings)?;
    Ok((main, terminal))
}

/// A main side whose terminal nobody has opened.
fn open_main() -> io::Result<File> {
    let main = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::pty::grantpt(&main)?;
    rustix::pty::unlockpt(&main)?;
    rustix::io::ioctl_fionbio(&main, true)?;
    Ok(File::from(main))
}

/// The main side types, which leads to what is `awaited`.
fn type_in(scene: &mut Scene<File>, keys: &[u8], awaited: Answers) -> io::Result<()> {
    scene.other()?.send(keys)?;
    scene.awaited = awaited;
    Ok(())
}
