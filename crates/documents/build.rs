//! Finds the fonts of printed documents among the web app's packages and deflates them for embedding.
//!
//! They come from npm like everything else of the web app, so that no font is kept in the repository and the lock file
//! fixes their bytes. A build without them fails: a document with another font, or with boxes instead of names, is no
//! document.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// File in `web/node_modules/@expo-google-fonts`, and the name under which the crate embeds it.
const FONTS: [(&str, &str); 3] = [
    (
        "noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf",
        "sans-regular.deflate",
    ),
    ("noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf", "sans-bold.deflate"),
    (
        "noto-serif-sc/700Bold/NotoSerifSC_700Bold.ttf",
        "serif-bold.deflate",
    ),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let packages = Path::new("../../web/node_modules/@expo-google-fonts");
    let Some(out) = std::env::var_os("OUT_DIR").map(PathBuf::from) else {
        println!("cargo::error=cargo gives build scripts a folder in OUT_DIR, and has not");
        return;
    };
    for (file, name) in FONTS {
        let font = packages.join(file);
        println!("cargo::rerun-if-changed={}", font.display());
        if let Err(error) = deflate(&font, &out.join(name)) {
            println!(
                "cargo::error=the font {} cannot be read ({error}). Printed documents embed it; it comes with the web \
                 app's packages: run `npm ci --prefix web` in the checkout and build again",
                font.display()
            );
        }
    }
}

fn deflate(font: &Path, into: &Path) -> std::io::Result<()> {
    let bytes = std::fs::read(font)?;
    let mut encoder = DeflateEncoder::new(std::fs::File::create(into)?, Compression::default());
    encoder.write_all(&bytes)?;
    encoder.finish()?;
    Ok(())
}
