//! Regular files, which never make anyone wait.

use std::fs::File;
use std::io::{self, Seek};

use super::other::as_source;
use super::{Kind, state};
use crate::probe::scene::{End, Scene};
use crate::probe::scratch::Scratch;

pub(super) fn kind() -> Kind {
    let states = vec![
        state("empty", empty_file, []),
        state("a byte", empty_file, [byte_to_read]),
        state("always_ready_files(true)", empty_file, []).taken_as_always_ready(),
    ];
    Kind::new("regular file", as_source, states)
}

fn empty_file() -> io::Result<Scene<File>> {
    let name = Scratch::new();
    let file = File::options().read(true).write(true).create_new(true).open(name.path());
    let file = file.map_err(|error| name.explain(&error))?;
    Ok(Scene { name: Some(name), ..Scene::new(file, vec![]) })
}

fn byte_to_read(scene: &mut Scene<File>) -> io::Result<()> {
    scene.ours.send(b"x")?;
    scene.ours.rewind()
}
