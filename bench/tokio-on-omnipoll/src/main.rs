//! The echo server over tokio, on omnipoll, whose backend OMNIPOLL_BACKEND names.

use std::io;

fn main() -> io::Result<()> {
    echo_child::run(echo_child::OnTokio)
}
