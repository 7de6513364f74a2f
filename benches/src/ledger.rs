//! The ledger on SQLite: entries appended and verified in a second.
//!
//! Appends through the store as every use case does (row, entry, hashes, signed checkpoint, synchronous commit), in
//! batches of 10,000, and verifies with the store's own verification: first the log (commitments, leaves, tree,
//! checkpoints), then every row of state. Then proofs of inclusion and consistency are made and checked.
//!
//! Usage: `cargo run -p anju-benches --bin ledger -- [ENTRIES]` (1,000,000 by default).

#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::error::Error;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anju_ledger::{SigningKey, check_consistency, check_inclusion};
use anju_model::money::Fen;
use anju_model::register::Fund;
use anju_store::{Attachments, Context, Db, prove_consistency, prove_entry, verify};
use jiff::Timestamp;
use uuid::Uuid;

/// Entries of one transaction.
const BATCH: u64 = 10_000;

/// Proofs of each kind.
const PROOFS: u64 = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let entries: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(1_000_000), |text| text.parse())?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(measure(entries))
}

async fn measure(entries: u64) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("bench.db");
    let db = Db::open(&format!("sqlite://{}", file.display())).await?;
    db.migrate().await?;
    let attachments = Attachments::open(&folder.path().join("attachments"))?;
    let key = SigningKey::from_seed("anju-bench", [7; 32]);
    let public = key.verifying_key();

    let begun = Instant::now();
    let mut sizes = vec![];
    for batch in 0..entries.div_ceil(BATCH) {
        let numbers = batch * BATCH..entries.min((batch + 1) * BATCH);
        sizes.push(numbers.end);
        let funds: Vec<Fund> = numbers.map(fund).collect();
        let mut salt_seed = [3; 32];
        salt_seed[..8].copy_from_slice(&batch.to_le_bytes());
        let context = Context {
            actor: "bench".into(),
            command: "import".into(),
            reason: None,
            at: Timestamp::from_second(1_790_000_000)?,
            salt_seed,
        };
        let mut tx = db.begin(context).await?;
        tx.insert(&funds).await?;
        tx.commit(&key).await?;
    }
    print("append", entries, begun.elapsed());

    let begun = Instant::now();
    // The log is the first half of verification's progress.
    let log = Mutex::new(Duration::ZERO);
    let report = verify(&db, &public, &attachments, &|done| {
        if done <= 0.5
            && let Ok(mut log) = log.lock()
            && log.is_zero() | (done < 0.5)
        {
            *log = begun.elapsed();
        }
        ControlFlow::Continue(())
    })
    .await?;
    let whole = begun.elapsed();
    if report.problem_count > 0 || report.entries != entries {
        return Err(format!("the log does not verify: {:?}", report.problems.first()).into());
    }
    let log = log.into_inner().map_err(|error| error.to_string())?;
    print("verify, log", entries, log);
    print("verify, rows", report.rows, whole.saturating_sub(log));
    print("verify, all", entries, whole);

    let begun = Instant::now();
    let mut hashes = 0;
    for number in 0..PROOFS {
        let index = number * (entries / PROOFS).max(1) % entries;
        let proved = prove_entry(&db, index).await?.ok_or("no such entry")?;
        let signed = public.verify(&proved.checkpoint.note)?;
        check_inclusion(
            &proved.proof,
            signed.size,
            &signed.root,
            index,
            &proved.entry.leaf()?,
        )?;
        hashes = hashes.max(proved.proof.len());
    }
    print(&format!("inclusion, {hashes} hashes"), PROOFS, begun.elapsed());
    let begun = Instant::now();
    let mut made = 0;
    for size in sizes.iter().cycle().take(PROOFS as usize) {
        let proved = prove_consistency(&db, *size, entries)
            .await?
            .ok_or("no such size")?;
        let signed = |note: Option<String>| public.verify(&note.unwrap_or_default());
        let (old, new) = (signed(proved.from.note)?, signed(proved.to.note)?);
        check_consistency(&proved.proof, old.size, &old.root, new.size, &new.root)?;
        made += 1;
    }
    print("consistency", made, begun.elapsed());
    println!(
        "{:<22} {:>9.0} MiB",
        "database",
        std::fs::metadata(&file)?.len() as f64 / f64::from(1 << 20)
    );
    Ok(())
}

fn fund(number: u64) -> Fund {
    Fund {
        id: Uuid::from_u64_pair(0x0198_c0de_0000_7000, 0x8000_0000_0000_0000 | number),
        source: "中央预算内投资".into(),
        document: format!("陕发改〔2026〕{number}号"),
        year: 2026,
        amount: Fen::from_yuan(5_000_000),
    }
}

fn print(what: &str, count: u64, took: Duration) {
    let rate = count as f64 / took.as_secs_f64();
    println!(
        "{what:<22} {count:>9} in {:>8.2} s {rate:>11.0} /s",
        took.as_secs_f64()
    );
}
