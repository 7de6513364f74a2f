//! Records of what households chose (搬迁意愿), one row each.

use anju_model::register::{Consent, ConsentChoice, ConsentRecord};

use crate::areas::AreaIndex;
use crate::header::Table;
use crate::normal::{self, Refusal};
use crate::rows::{Parsed, read_each};

/// Reads a table of consent records. Who agrees to move must say how to be settled; whether a site in another township
/// is accepted counts as no where it is left blank, since consent is never presumed.
pub fn read_consent(table: &Table<'_>, areas: &AreaIndex) -> Parsed<ConsentRecord> {
    read_each(table, |row| {
        let register_number = row.need("register_number", normal::identifier);
        let choice = row.need_coded("choice", &normal::CONSENT_CHOICE);
        let pathway = row.coded("pathway", &normal::PATHWAY);
        let preferred_township = row.take("preferred_township", |cell| {
            normal::text(cell)?
                .filter(|text| text != "无")
                .map(|text| areas.township(&text))
                .transpose()
        });
        let accepts_other_township = row
            .take("accepts_other_township", normal::yes_no)
            .unwrap_or(false);
        let signer = row.need_name("signer");
        let date = row.need("date", |cell| normal::date(cell, None));
        let evidence = row.text("evidence");
        if choice == Some(ConsentChoice::Move) && row.cell("pathway").is_blank() {
            row.refuse(
                "pathway",
                Refusal::new(
                    (
                        "同意搬迁但没有安置方式",
                        "the choice is to move, but no pathway is given",
                    ),
                    ("按意愿书补填安置方式", "fill in the pathway from the signed form"),
                ),
            );
        }
        Some(ConsentRecord {
            register_number: register_number?,
            consent: Consent {
                pathway: pathway.filter(|_| choice == Some(ConsentChoice::Move)),
                preferred_township,
                accepts_other_township,
                evidence,
                ..Consent::new(choice?, signer?, date?)
            },
            row: row.number(),
        })
    })
}
