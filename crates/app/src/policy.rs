//! The county's policy pack: one that ships with the program, or the county's own, kept in the workspace.

use std::path::Path;

use anju_model::policy::{EMBEDDED, Pack, embedded, embedded_text};

use crate::AppError;

/// Folder of the workspace with packs of the county's own, `<id>.toml` each.
const FOLDER: &str = "policy";
/// Largest pack that is read, bytes.
const LARGEST: u64 = 4 << 20;

/// A pack as chosen, with its text when it is the county's own.
pub(crate) struct Chosen {
    /// The pack, checked.
    pub pack: Pack,
    own_text: Option<String>,
}

/// The pack of a name that ships with the program, or the one in a file whose name ends in `.toml`.
///
/// # Errors
/// When there is none, the file is no sound pack, or it bears the name of a pack that ships with the program.
pub(crate) fn choose(name_or_file: &str) -> Result<Chosen, AppError> {
    if !name_or_file.ends_with(".toml") {
        let pack = embedded(name_or_file)?;
        return Ok(Chosen { pack, own_text: None });
    }
    let text = read(Path::new(name_or_file))?;
    let pack = Pack::load(&text, &|parent| embedded_text(parent).map(str::to_owned))?;
    if EMBEDDED.iter().any(|(name, _)| *name == pack.id) {
        return Err(AppError::invalid(
            "pack_name",
            name_or_file,
            format!("政策包名 {} 已随程序发布;请改用自己的 id", pack.id),
            format!(
                "a pack named {} ships with the program; give yours an id of its own",
                pack.id
            ),
        ));
    }
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if pack.id.is_empty() || !pack.id.chars().all(safe) {
        return Err(AppError::invalid(
            "pack_name",
            name_or_file,
            format!("政策包 id {:?} 只能含字母、数字、- 和 _", pack.id),
            format!(
                "the pack's id {:?} may hold letters, digits, - and _ only",
                pack.id
            ),
        ));
    }
    Ok(Chosen {
        pack,
        own_text: Some(text),
    })
}

impl Chosen {
    /// Keeps a pack of the county's own in the workspace.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn keep(&self, workspace: &Path) -> Result<(), AppError> {
        let Some(text) = &self.own_text else { return Ok(()) };
        let folder = workspace.join(FOLDER);
        std::fs::create_dir_all(&folder).map_err(AppError::io(&folder))?;
        let file = folder.join(format!("{}.toml", self.pack.id));
        std::fs::write(&file, text).map_err(AppError::io(&file))
    }
}

/// The pack in force in a workspace.
///
/// # Errors
/// When it neither ships with the program nor is in the workspace, or is not sound.
pub(crate) fn in_force(workspace: &Path, id: &str) -> Result<Pack, AppError> {
    let file = workspace.join(FOLDER).join(format!("{id}.toml"));
    if embedded_text(id).is_some() || !file.is_file() {
        return Ok(embedded(id)?);
    }
    Ok(Pack::load(&read(&file)?, &|parent| {
        embedded_text(parent).map(str::to_owned)
    })?)
}

fn read(file: &Path) -> Result<String, AppError> {
    let size = std::fs::metadata(file).map_err(AppError::io(file))?.len();
    if size > LARGEST {
        return Err(AppError::invalid(
            "pack_size",
            file.display().to_string(),
            "政策包文件过大",
            "the file is too large for a policy pack",
        ));
    }
    std::fs::read_to_string(file).map_err(AppError::io(file))
}

#[cfg(test)]
mod tests {
    use super::{choose, in_force};

    const OWN: &str = r#"
        id = "anlan-2026"
        version = "1"
        name = { zh = "安澜县", en = "Anlan" }
        parent = "cn-shaanxi"
        [[figure]]
        id = "housing.area_per_person"
        name = { zh = "人均住房面积上限", en = "dwelling area per person" }
        value = 20
        unit = "m2/person"
        source = "county"
        verified = true
    "#;

    #[test]
    fn an_own_pack_replaces_what_it_names_and_stays_with_the_workspace() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.toml");
        std::fs::write(&file, OWN).unwrap();
        let chosen = choose(file.to_str().unwrap()).unwrap();
        chosen.keep(folder.path()).unwrap();
        std::fs::remove_file(&file).unwrap();
        let pack = in_force(folder.path(), "anlan-2026").unwrap();
        assert_eq!(pack.number("housing.area_per_person").unwrap(), 20.0);
        assert_eq!(
            pack.number("siting.land_per_person").unwrap(),
            90.0,
            "what it does not name is its parent's"
        );
    }

    #[test]
    fn a_pack_may_not_pass_for_one_that_ships_with_the_program_or_leave_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.toml");
        for id in ["cn-shaanxi", "../evil"] {
            std::fs::write(&file, OWN.replace("anlan-2026", id)).unwrap();
            assert!(choose(file.to_str().unwrap()).is_err(), "{id}");
        }
        assert!(in_force(folder.path(), "nowhere").is_err());
        assert!(choose("nowhere.toml").is_err());
    }
}
