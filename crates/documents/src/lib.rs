//! Printed documents as PDF: publicity lists and household cards.
