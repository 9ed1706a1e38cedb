//! Settings before they are typed: tables and values, each value with the place that it came from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A source: how it is named to people, and the folder that its paths are relative to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) name: String,
    pub(super) base: PathBuf,
}

pub(super) type Table = BTreeMap<String, Node>;

#[derive(Debug, Clone)]
pub(super) enum Node {
    Table(Table),
    Leaf(Leaf),
}

#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) value: Value,
    pub(super) origin: Arc<Origin>,
}

/// A value of a file has a type of its own; one of the environment is text until its setting says what it wants.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Toml(toml::Value),
    Text(String),
}

pub(super) fn from_toml(table: toml::Table, origin: &Arc<Origin>) -> Table {
    let node = |value| match value {
        toml::Value::Table(inner) => Node::Table(from_toml(inner, origin)),
        value => Node::Leaf(Leaf { value: Value::Toml(value), origin: Arc::clone(origin) }),
    };
    table.into_iter().map(|(name, value)| (name, node(value))).collect()
}

/// Lays `upper` over `lower`, table by table and key by key. `name` and `name_file` are two forms of one setting: a
/// later source that uses one form takes away the other.
pub(super) fn merge(lower: &mut Table, upper: Table) {
    for name in upper.keys() {
        let other = other_form(name);
        if !upper.contains_key(&other) {
            lower.remove(&other);
        }
    }
    for (name, node) in upper {
        match (lower.get_mut(&name), node) {
            (Some(Node::Table(below)), Node::Table(above)) => merge(below, above),
            (_, node) => {
                lower.insert(name, node);
            }
        }
    }
}

fn other_form(name: &str) -> String {
    match name.strip_suffix("_file") {
        Some(plain) => plain.to_owned(),
        None => format!("{name}_file"),
    }
}

/// Puts a value at a path, making the tables on the way.
pub(super) fn insert(table: &mut Table, path: &[String], leaf: Leaf) -> Result<(), String> {
    let Some((name, deeper)) = path.split_first() else {
        return Err("names no setting".to_owned());
    };
    if deeper.is_empty() {
        let taken = table.insert(name.clone(), Node::Leaf(leaf)).is_some();
        return if taken { Err("is given twice, in another spelling".to_owned()) } else { Ok(()) };
    }
    match table.entry(name.clone()).or_insert_with(|| Node::Table(Table::new())) {
        Node::Table(inner) => insert(inner, deeper, leaf),
        Node::Leaf(_) => Err("names a setting below a value that another variable gives".to_owned()),
    }
}

/// The table of this name, or an empty one.
pub(super) fn table_at(table: &Table, name: &str) -> Table {
    match table.get(name) {
        Some(Node::Table(inner)) => inner.clone(),
        _ => Table::new(),
    }
}

/// Which source says each value below the table of this name, by the value's key there.
pub(super) fn origins(table: &Table, name: &str) -> BTreeMap<String, String> {
    fn walk(parent: &str, table: &Table, found: &mut BTreeMap<String, String>) {
        for (name, node) in table {
            match node {
                Node::Table(inner) => walk(&format!("{parent}{name}."), inner, found),
                Node::Leaf(leaf) => {
                    found.insert(format!("{parent}{name}"), leaf.origin.name.clone());
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    walk("", &table_at(table, name), &mut found);
    found
}

/// Takes out what stands at a path, if anything does.
pub(super) fn remove(table: &mut Table, path: &[String]) {
    let Some((name, deeper)) = path.split_first() else { return };
    if deeper.is_empty() {
        table.remove(name);
    } else if let Some(Node::Table(inner)) = table.get_mut(name) {
        remove(inner, deeper);
    }
}
