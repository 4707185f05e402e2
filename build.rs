//! Names each family of systems once; the rest of the crate knows only these names.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Set by hand, for the tests in src/backend/interleavings/.
    println!("cargo::rustc-check-cfg=cfg(loom)");
    // Set by hand: builds for Linux as for a Unix that has what POSIX asks for and no more,
    // save for the edges of raw descriptors.
    println!("cargo::rustc-check-cfg=cfg(omnipoll_plain_unix)");
    // Set by hand, to run kqueue on a Linux that has libkqueue.
    println!("cargo::rustc-check-cfg=cfg(omnipoll_libkqueue)");
    // Set by hand: event ports on Linux, over what behaves like one.
    println!("cargo::rustc-check-cfg=cfg(omnipoll_port_double)");

    for (name, present) in families() {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if present {
            println!("cargo::rustc-cfg={name}");
        }
    }
}

/// What is there, and what is not where it might be expected.
fn families() -> Vec<(&'static str, bool)> {
    let os = variable("OS");
    let arch = variable("ARCH");
    let is_plain = env::var_os("CARGO_CFG_OMNIPOLL_PLAIN_UNIX").is_some();
    let has_port_double = env::var_os("CARGO_CFG_OMNIPOLL_PORT_DOUBLE").is_some();
    let is = |names: &[&str]| !is_plain && names.contains(&os.as_str());

    let unix = env::var_os("CARGO_CFG_UNIX").is_some();
    let wasi = is(&["wasi"]);
    let windows = is(&["windows"]);
    let linux = is(&["linux", "android"]);
    let apple = variable("VENDOR") == "apple";
    let epoll = linux || is(&["redox"]);
    let has_libkqueue = env::var_os("CARGO_CFG_OMNIPOLL_LIBKQUEUE").is_some();

    vec![
        ("wasi", wasi),
        // Mechanisms.
        ("epoll", epoll),
        // Android's sandbox refuses it to every program.
        ("io_uring", is(&["linux"]) && has_ring_layout(&arch)),
        // On Linux it is a test double, which is asked for by hand.
        ("event_ports", is(&["illumos", "solaris"]) || has_port_double),
        ("iocp", windows),
        ("poll_oneoff", wasi),
        ("kqueue", apple || is(&["freebsd", "netbsd", "openbsd", "dragonfly"]) || has_libkqueue),
        // Its filter for urgent data, and those for asynchronous I/O and lists of it.
        ("kqueue_except", is(&["openbsd", "dragonfly"])),
        ("kqueue_aio", apple || is(&["freebsd", "dragonfly"])),
        ("kqueue_lio", is(&["freebsd"])),
        ("poll", unix || windows),
        ("select", unix || windows),
        // The kernel packs `epoll_event` on x86-64 alone, so that 32-bit
        // programs share its layout there.
        ("epoll_packed", linux && arch == "x86_64"),
        ("epoll_padded", is(&["redox"])),
        // In a 32-bit program, Android's sets of signals are shorter than the kernel's.
        ("epoll_pwait2", linux && !(os == "android" && variable("POINTER_WIDTH") == "32")),
        ("epoll_params", is(&["linux"])),
        // An epoll in which edges can be had beside the mechanism. That of illumos, for
        // programs made for Linux, cannot be waited for by an event port.
        ("kernel_edges", epoll || is_plain),
        // Calls that POSIX.1-2008 does not ask for.
        ("eventfd", linux || is(&["freebsd", "illumos"])),
        // NetBSD has it from version 10 on, and programs that use it do not start before.
        (
            "ppoll",
            linux || is(&["freebsd", "dragonfly", "openbsd", "haiku", "hurd", "cygwin", "fuchsia"]),
        ),
        ("pollrdhup", linux || is(&["freebsd", "illumos"])),
        // accept4(2), pipe2(2), and the flags that socket(2) takes beside the kind.
        (
            "flags_at_birth",
            linux
                || is(&[
                    "freebsd",
                    "dragonfly",
                    "netbsd",
                    "openbsd",
                    "illumos",
                    "solaris",
                    "hurd",
                    "cygwin",
                    "fuchsia",
                ]),
        ),
        // A flag for each call that sends, or else an option of the socket.
        ("msg_nosignal", unix && !apple && !is(&["redox", "vita"])),
        ("so_nosigpipe", apple),
        ("o_noctty", unix && os != "redox"),
        ("o_path", linux || is(&["freebsd", "redox", "fuchsia"])),
        // Names of Unix sockets that are no paths.
        ("abstract_names", linux),
        // accept(2) gives out connections that have ended, with no address.
        ("accepts_what_has_ended", apple),
        // Sets of descriptors for select(2) that are longer than `fd_set`.
        (
            "fd_sets_of_any_size",
            linux || apple || is(&["freebsd", "dragonfly", "netbsd", "openbsd"]),
        ),
        // They take a name of its own for the call.
        ("fd_sets_by_extension", apple),
        // What the sets are made of; elsewhere it is `long`.
        ("fd_sets_of_32_bits", apple || is(&["netbsd", "openbsd", "haiku"])),
    ]
}

/// What cargo says of the target.
fn variable(name: &str) -> String {
    env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default()
}

/// Whether the io-uring crate knows the kernel's structs there; Cargo.toml says the same.
fn has_ring_layout(arch: &str) -> bool {
    variable("POINTER_WIDTH") == "64"
        && ["x86_64", "aarch64", "riscv64", "loongarch64", "powerpc64"].contains(&arch)
}
