//! Traits that add methods to bound models.

use std::fmt::Write;

use super::writer::INLINE;

/// A method of such a trait.
pub(super) struct Method {
    pub(super) doc: String,
    pub(super) signature: String,
    pub(super) body: String,
}

/// The declaration of the trait: each method's documentation and signature.
pub(super) fn declaration(doc: &str, name: &str, methods: &[Method]) -> String {
    let mut text = format!("/// {doc}\npub trait {name}: Sized {{\n");
    for Method { doc, signature, .. } in methods {
        let _ = writeln!(text, "{doc}{signature};\n");
    }
    text + "}\n\n"
}

/// An implementation of the trait: each method's signature and body. `header` is the text after `impl`.
pub(super) fn definition(header: &str, methods: &[Method]) -> String {
    let inline = if header.starts_with('<') { "" } else { INLINE };
    let mut text = format!("impl{header} {{\n");
    for Method { signature, body, .. } in methods {
        let _ = writeln!(text, "{inline}{signature} {{ {body} }}\n");
    }
    text + "}\n\n"
}
