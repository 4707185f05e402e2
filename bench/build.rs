//! Looks for the C libraries that take part, and compiles what drives them.

use std::path::Path;

/// The name of a library, and what pkg-config calls it, if it knows it.
const LIBRARIES: [(&str, &[&str]); 3] = [
    ("libevent", &["libevent_core", "libevent_pthreads"]),
    // Its package in Debian has no file for pkg-config.
    ("libev", &[]),
    ("libuv", &["libuv"]),
];

fn main() {
    println!("cargo::rerun-if-changed=src/peers/c_loop.h");
    for (name, packages) in LIBRARIES {
        println!("cargo::rustc-check-cfg=cfg(has_{name})");
        match compile(name, packages) {
            Ok(()) => println!("cargo::rustc-cfg=has_{name}"),
            Err(reason) => println!("cargo::warning={name} does not take part: {reason}"),
        }
    }
}

fn compile(name: &str, packages: &[&str]) -> Result<(), String> {
    let source = Path::new("src/peers").join(name).with_extension("c");
    println!("cargo::rerun-if-changed={}", source.display());
    let mut build = cc::Build::new();
    build.file(source).opt_level(2);
    let mut libraries = Vec::new();
    for package in packages {
        let found = pkg_config::Config::new().cargo_metadata(false).probe(package);
        libraries.push(found.map_err(|_| format!("pkg-config does not know {package}"))?);
    }
    for library in &libraries {
        build.includes(&library.include_paths);
    }
    build.try_compile(&format!("omnipoll_bench_{name}")).map_err(|_| "no headers".to_owned())?;
    // After the objects that need them, as linkers want it.
    for library in libraries {
        library.link_paths.iter().for_each(|path| {
            println!("cargo::rustc-link-search=native={}", path.display());
        });
        library.libs.iter().for_each(|library| println!("cargo::rustc-link-lib={library}"));
    }
    if packages.is_empty() {
        println!("cargo::rustc-link-lib={}", name.trim_start_matches("lib"));
    }
    Ok(())
}
