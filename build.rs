//! Names each OS family once; the rest of the crate knows only these names.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Set by hand, for the tests in src/backend/interleavings/.
    println!("cargo::rustc-check-cfg=cfg(loom)");

    let os = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let linux = ["linux", "android"].contains(&os.as_str());

    let families = [
        ("epoll", linux),
        // The kernel packs `epoll_event` on x86-64 alone, so that 32-bit
        // programs share its layout there.
        ("epoll_packed", linux && arch == "x86_64"),
        // Android's sandbox refuses it to every program.
        ("io_uring", os == "linux" && has_ring_layout(&arch)),
        ("poll", linux),
        ("select", linux),
    ];
    for (name, present) in families {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if present {
            println!("cargo::rustc-cfg={name}");
        }
    }
}

/// Whether the io-uring crate knows the kernel's structs there; Cargo.toml says the same.
fn has_ring_layout(arch: &str) -> bool {
    let is_64_bit = env::var("CARGO_CFG_TARGET_POINTER_WIDTH").is_ok_and(|width| width == "64");
    is_64_bit && ["x86_64", "aarch64", "riscv64", "loongarch64", "powerpc64"].contains(&arch)
}
