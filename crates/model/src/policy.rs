//! Policy packs.
