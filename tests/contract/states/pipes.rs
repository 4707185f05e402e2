//! The states of both ends of pipes and of FIFOs.

use std::env;
use std::os::fd::{AsFd, OwnedFd};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use omnipoll::unix::pipe;
use rustix::fs::{Mode, OFlags};

use super::cell::{Cell, Kind, cell};
use super::flags::{ERR, HUP, IN, NONE, OUT};
use super::scene::{Scene, open_again};
use super::subject::Subject;

pub(crate) const PIPE_READER: Kind =
    Kind { name: "pipe, reading", has_priority: false, cells: pipe_reader };
pub(crate) const PIPE_WRITER: Kind =
    Kind { name: "pipe, writing", has_priority: false, cells: pipe_writer };
pub(crate) const FIFO_READER: Kind =
    Kind { name: "FIFO, reading", has_priority: false, cells: fifo_reader };
pub(crate) const FIFO_WRITER: Kind =
    Kind { name: "FIFO, writing", has_priority: false, cells: fifo_writer };

/// What fits into an empty pipe, at least.
static MUCH: [u8; 16_384] = [b'x'; 16_384];

fn pipe_reader() -> Vec<Cell> {
    reader(pipe_to_read)
}

fn pipe_writer() -> Vec<Cell> {
    writer(pipe_to_write)
}

fn fifo_reader() -> Vec<Cell> {
    let mut cells = reader(fifo_to_read);
    cells.extend([
        cell("no writer yet", fifo_without_writer, [], NONE),
        cell("first writer came", fifo_without_writer, [writer_comes], NONE),
        cell("writer came again", fifo_to_read, [writer_goes, writer_comes], NONE),
        cell("end, then a byte", fifo_to_read, [writer_goes, writer_comes, a_byte], IN),
        cell("opened for both", fifo_for_both_to_read, [], OUT),
        cell("opened for both, writer gone", fifo_for_both_to_read, [Scene::close_peer], OUT),
    ]);
    cells
}

fn fifo_writer() -> Vec<Cell> {
    let mut cells = writer(fifo_to_write);
    cells.extend([
        cell("reader came again", fifo_to_write, [reader_goes, reader_comes], OUT),
        cell("opened for both", fifo_for_both_to_write, [], OUT),
        cell("opened for both, reader gone", fifo_for_both_to_write, [Scene::close_peer], OUT),
    ]);
    cells
}

fn reader(ends: fn() -> Scene) -> Vec<Cell> {
    let another = Scene::duplicate_peer;
    vec![
        cell("empty", ends, [], NONE),
        cell("a byte", ends, [a_byte], IN),
        cell("a byte, taken", ends, [a_byte, Scene::take_all], NONE),
        cell("much", ends, [|s| s.receive(&MUCH)], IN),
        cell("much, some taken", ends, [|s| s.receive(&MUCH), |s| s.take(1000)], IN),
        cell("writer gone", ends, [Scene::close_peer], HUP),
        cell("writer gone, a byte left", ends, [a_byte, Scene::close_peer], IN | HUP),
        cell("writer gone, byte taken", ends, [a_byte, writer_goes, Scene::take_all], HUP),
        cell("one of two writers gone", ends, [another, Scene::close_peer], NONE),
    ]
}

fn writer(ends: fn() -> Scene) -> Vec<Cell> {
    let another = Scene::duplicate_peer;
    vec![
        cell("empty", ends, [], OUT),
        cell("a byte", ends, [|s| s.put(b"x")], OUT),
        cell("full", ends, [Scene::fill], NONE),
        cell("full, a byte taken", ends, [Scene::fill, peer_takes_a_byte], NONE),
        cell("full, drained", ends, [Scene::fill, Scene::make_room], OUT),
        cell("reader gone", ends, [Scene::close_peer], OUT | ERR),
        cell("reader gone, a byte left", ends, [|s| s.put(b"x"), Scene::close_peer], OUT | ERR),
        cell("full, reader gone", ends, [Scene::fill, Scene::close_peer], ERR),
        cell("one of two readers gone", ends, [another, Scene::close_peer], OUT),
    ]
}

fn pipe_to_read() -> Scene {
    let (theirs, ours) = pipe::new().expect("pipe");
    Scene::new(Subject::Receiver(ours), vec![theirs.into()])
}

fn pipe_to_write() -> Scene {
    let (ours, theirs) = pipe::new().expect("pipe");
    Scene::new(Subject::Sender(ours), vec![theirs.into()])
}

fn fifo_without_writer() -> Scene {
    Scene::new(Subject::Receiver(open_fifo(OFlags::RDONLY).into()), vec![])
}

fn fifo_to_read() -> Scene {
    let mut scene = fifo_without_writer();
    writer_comes(&mut scene);
    scene
}

fn fifo_to_write() -> Scene {
    let theirs = open_fifo(OFlags::RDONLY);
    let ours = open_again(theirs.as_fd(), OFlags::WRONLY);
    Scene::new(Subject::Sender(ours.into()), vec![theirs])
}

fn fifo_for_both_to_read() -> Scene {
    let ours = open_fifo(OFlags::RDWR);
    let theirs = open_again(ours.as_fd(), OFlags::WRONLY);
    Scene::new(Subject::Receiver(ours.into()), vec![theirs])
}

fn fifo_for_both_to_write() -> Scene {
    let ours = open_fifo(OFlags::RDWR);
    let theirs = open_again(ours.as_fd(), OFlags::RDONLY);
    Scene::new(Subject::Sender(ours.into()), vec![theirs])
}

/// A new FIFO, which has lost its name already: its descriptor leads to it.
fn open_fifo(access: OFlags) -> OwnedFd {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("omnipoll-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = env::temp_dir().join(name);
    pipe::create_fifo(&path, 0o600).expect("FIFO");
    let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fifo = rustix::fs::open(&path, flags, Mode::empty());
    std::fs::remove_file(&path).expect("remove the name");
    fifo.expect("open the FIFO")
}

fn a_byte(scene: &mut Scene) {
    scene.receive(b"x");
}

fn writer_comes(scene: &mut Scene) {
    scene.open_again(OFlags::WRONLY);
}

fn writer_goes(scene: &mut Scene) {
    scene.close_peer();
}

fn reader_comes(scene: &mut Scene) {
    scene.open_again(OFlags::RDONLY);
}

fn reader_goes(scene: &mut Scene) {
    scene.close_peer();
}

fn peer_takes_a_byte(scene: &mut Scene) {
    assert_eq!(rustix::io::read(scene.peer(), &mut [0; 1]), Ok(1));
}
