//! Makes sure that the folder of the built web app exists, so that the program compiles before the web app is built.

fn main() {
    let folder = std::path::Path::new("../../web/dist");
    if !folder.is_dir()
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        println!("cargo::error=cannot make {}: {error}", folder.display());
    }
    println!("cargo::rerun-if-changed=build.rs");
}
