//! Files that cannot be used: each gets a clear message with the file and a remedy, exit code 2, and nothing is written.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps fails, which is what it is for"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anju_exchange::crs::Crs;
use anju_exchange::vector::{Feature, VectorLayer};
use anju_store::database_test;
use anju_store::testing::TestDatabase;

struct Office {
    folder: tempfile::TempDir,
    /// Address of the database when it is not the workspace's own file.
    database: Option<String>,
}

impl Office {
    fn new(test: &TestDatabase) -> Self {
        let office = Self {
            folder: tempfile::tempdir().unwrap(),
            database: test.address.starts_with("postgres").then(|| test.address.clone()),
        };
        let made = office.anju(&["init", "--county-code", "619021", "--county-name", "安澜县"]);
        assert!(made.status.success(), "{}", text(&made));
        office
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn anju(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_anju"))
            .current_dir(self.folder.path())
            .args(["--workspace", "office", "--json"])
            .args(self.database.iter().flat_map(|address| ["--database", address]))
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Number of ledger entries, after proving that every row equals its last entry.
    fn entries(&self) -> u64 {
        let report = self.anju(&["ledger", "verify"]);
        assert!(report.status.success(), "{}", text(&report));
        let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
        report["entries"].as_u64().unwrap()
    }

    /// Imports a file that cannot be used and returns what was said.
    fn refused(&self, file: &Path) -> String {
        let before = self.entries();
        let outcome = self.anju(&["import", &file.display().to_string()]);
        let said = text(&outcome);
        assert_eq!(outcome.status.code(), Some(2), "{said}");
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(said.contains(name), "the message does not name {name}: {said}");
        assert_eq!(self.entries(), before, "something was written: {said}");
        assert!(!self.path("errors").exists(), "an error workbook was left behind");
        said
    }
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

database_test! {
    async fn an_empty_workbook(test) {
        let office = Office::new(test);
        let file = office.path("名册.xlsx");
        let mut workbook = rust_xlsxwriter::Workbook::new();
        workbook.add_worksheet();
        workbook.save(&file).unwrap();
        let said = office.refused(&file);
        assert!(said.contains("空") && said.contains("empty"), "{said}");
    }
}

database_test! {
    async fn a_password_protected_workbook(test) {
        let office = Office::new(test);
        let file = office.path("加密名册.xlsx");
        // Excel wraps an encrypted workbook in an OLE compound file that holds a stream named EncryptedPackage.
        let mut bytes = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
        bytes.resize(2048, 0);
        bytes.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
        bytes.resize(4096, 0);
        std::fs::write(&file, bytes).unwrap();
        let said = office.refused(&file);
        assert!(said.contains("密码") && said.contains("password"), "{said}");
    }
}

database_test! {
    async fn a_shapefile_of_zero_bytes(test) {
        let office = Office::new(test);
        let file = office.path("洪涝灾害区.shp");
        std::fs::write(&file, []).unwrap();
        let said = office.refused(&file);
        assert!(said.contains("0 bytes") || said.contains("empty"), "{said}");
    }
}

database_test! {
    async fn a_layer_without_crs(test) {
        let office = Office::new(test);
        let file = office.path("洪涝灾害区.shp");
        let corners = vec![
            (470_000.0, 3_620_000.0),
            (470_100.0, 3_620_000.0),
            (470_100.0, 3_620_100.0),
        ];
        let square = geo::Polygon::new(geo::LineString::from(corners), Vec::new());
        let layer = VectorLayer {
            name: "洪涝灾害区".into(),
            crs: Crs::from_epsg(4545).unwrap(),
            features: vec![Feature {
                geometry: geo::Geometry::Polygon(square),
                properties: Default::default(),
            }],
        };
        anju_exchange::vector::write_shapefile(&file, &layer, anju_exchange::vector::DbfEncoding::Gbk).unwrap();
        std::fs::remove_file(office.path("洪涝灾害区.prj")).unwrap();
        let said = office.refused(&file);
        assert!(said.contains(".prj") && said.contains("--crs"), "{said}");
        // Named on the command line, the same file is taken.
        let taken = office.anju(&["import", &file.display().to_string(), "--crs", "4545"]);
        assert!(taken.status.success(), "{}", text(&taken));
    }
}

database_test! {
    async fn an_elevation_model_in_degrees(test) {
        let office = Office::new(test);
        let file = office.path("dem.tif");
        std::fs::copy(
            concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../examples/county/data/jacksboro-dem.tif"
            ),
            &file,
        )
        .unwrap();
        let said = office.refused(&file);
        assert!(said.contains("度") && said.contains("degrees"), "{said}");
    }
}

database_test! {
    async fn a_roster_whose_header_cannot_be_recognised(test) {
        let office = Office::new(test);
        let file = office.path("某镇.csv");
        std::fs::write(&file, "甲,乙,丙\n1,2,3\n4,5,6\n").unwrap();
        let said = office.refused(&file);
        assert!(said.contains("anju profile"), "{said}");
    }
}
