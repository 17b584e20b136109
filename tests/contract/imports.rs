//! Which file of a crate imports from which, and the circles in that.
//!
//! A file imports from the file that defines a name, through however many re-exports it reaches the name; it imports
//! what it re-exports, too. A method that is called on `self` or `Self` counts as a name of the file that has it. To
//! declare a module is no import.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Expr, ExprMethodCall, ImplItem, Item, ItemImpl, ItemMod, ItemUse, Macro, Meta, Type, UseTree,
    visit::{self, Visit},
};

/// For each file, the files that it imports from, each with a name that it imports.
pub(crate) type Imports = BTreeMap<String, BTreeMap<String, String>>;

type ModulePath = Vec<String>;

/// What a path can lead to: a module, or an item with the file that defines it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Module(ModulePath),
    Item { module: ModulePath, name: String, file: String },
}

#[derive(Default)]
struct Module {
    file: String,
    code: Vec<Item>,
    /// What the module defines, with the file: that of a macro for the whole crate is another than the root's.
    items: BTreeMap<String, String>,
    /// The names that its `use` declarations bring in, each with the path that it stands for.
    names: Vec<(String, Vec<String>)>,
    globs: Vec<Vec<String>>,
}

struct Crate<'a> {
    read: &'a dyn Fn(&str) -> Option<String>,
    modules: BTreeMap<ModulePath, Module>,
    /// The files in which a type's own methods are, by type and method.
    methods: BTreeMap<(Target, String), String>,
}

/// Returns what the files of the crate with this root import from each other. `read` gives the source of a file.
pub(crate) fn imports(root: &str, read: &dyn Fn(&str) -> Option<String>) -> Imports {
    let mut found = Crate { read, modules: BTreeMap::new(), methods: BTreeMap::new() };
    let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
    found.load(Vec::new(), root, folder);
    found.find_methods();
    let mut imports = Imports::new();
    for (path, module) in &found.modules {
        let mut names = Names { found: &found, path, module, own_type: None, imports: BTreeMap::new() };
        module.code.iter().for_each(|item| names.visit_item(item));
        imports.entry(module.file.clone()).or_default().append(&mut names.imports);
    }
    imports
}

/// Returns each set of files of which every one is reached from every other, with the imports within it.
pub(crate) fn circles(imports: &Imports) -> Vec<String> {
    let reached: BTreeMap<_, _> = imports.keys().map(|file| (file, reached(file, imports))).collect();
    let circle_of = |file| -> BTreeSet<_> {
        let others = reached[file].iter().filter(|other| reached[*other].contains(file));
        others.cloned().collect()
    };
    let circles: BTreeSet<_> = imports.keys().map(circle_of).filter(|circle| !circle.is_empty()).collect();
    let told = circles.iter().map(|circle| {
        let edges = circle.iter().flat_map(|file| imports[file].iter().map(move |(other, name)| (file, other, name)));
        let edges = edges.filter(|(_, other, _)| circle.contains(*other));
        edges.map(|(file, other, name)| format!("{file} imports {name} from {other}")).collect::<Vec<_>>().join("\n")
    });
    told.collect()
}

fn reached(file: &str, imports: &Imports) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next: Vec<_> = imports[file].keys().collect();
    while let Some(file) = next.pop() {
        if found.insert(file.clone()) {
            next.extend(imports[file].keys());
        }
    }
    found
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Tests within a file may use what is built on the file.
fn is_test(item: &Item) -> bool {
    let is_test = |attribute: &Attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    };
    let is_inline = !matches!(item, Item::Mod(ItemMod { content: None, .. }));
    is_inline && attributes(item).iter().any(is_test)
}

fn name_of(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

impl Crate<'_> {
    /// Reads the file of a module. `folder` is where the files of its children are.
    fn load(&mut self, path: ModulePath, file: &str, folder: &str) {
        let source = (self.read)(file).unwrap_or_else(|| panic!("no file {file}"));
        let parsed = syn::parse_file(&source).unwrap_or_else(|error| panic!("{file}: {error}"));
        self.add(path, parsed.items, file, folder);
    }

    fn add(&mut self, path: ModulePath, code: Vec<Item>, file: &str, folder: &str) {
        let mut module = Module { file: file.to_owned(), ..Module::default() };
        let mut children = Vec::new();
        for item in code.into_iter().filter(|item| !is_test(item)) {
            let item = match item {
                Item::Mod(child) => {
                    children.push(child);
                    continue;
                }
                other => other,
            };
            if let Item::Use(item) = &item {
                leaves(&item.tree, Vec::new(), &mut module.names, &mut module.globs);
            }
            if let Some(name) = name_of(&item) {
                if attributes(&item).iter().any(|attribute| attribute.path().is_ident("macro_export")) {
                    self.modules.get_mut(&Vec::new()).unwrap().items.insert(name.clone(), file.to_owned());
                }
                module.items.insert(name, file.to_owned());
            }
            module.code.push(item);
        }
        self.modules.insert(path.clone(), module);
        for child in children {
            let name = child.ident.to_string();
            let path = [path.clone(), vec![name.clone()]].concat();
            let inside = format!("{folder}/{name}");
            if let Some((_, code)) = child.content {
                self.add(path, code, file, &inside);
            } else if let Some(named) = child.attrs.iter().find_map(named_path) {
                let file = format!("{}/{named}", file.rsplit_once('/').map_or("", |(folder, _)| folder));
                let folder = Path::new(&file).parent().unwrap().to_str().unwrap();
                self.load(path, &file, folder);
            } else {
                let files = [format!("{inside}.rs"), format!("{inside}/mod.rs")];
                let file = files.iter().find(|file| (self.read)(file).is_some());
                self.load(path, file.unwrap_or_else(|| panic!("no file for {inside}")), &inside);
            }
        }
    }

    fn find_methods(&mut self) {
        let mut found = BTreeMap::new();
        for (path, module) in &self.modules {
            let blocks = module.code.iter().filter_map(|item| match item {
                Item::Impl(block) if block.trait_.is_none() => Some(block),
                _ => None,
            });
            for block in blocks {
                let Some(own_type) = self.type_of(block, path) else { continue };
                for item in &block.items {
                    if let ImplItem::Fn(method) = item {
                        found.insert((own_type.clone(), method.sig.ident.to_string()), module.file.clone());
                    }
                }
            }
        }
        self.methods = found;
    }

    fn type_of(&self, block: &ItemImpl, module: &[String]) -> Option<Target> {
        let Type::Path(own_type) = &*block.self_ty else { return None };
        let targets = self.resolve(module, &segments(&own_type.path), &mut BTreeSet::new());
        targets.into_iter().find(|target| matches!(target, Target::Item { .. }))
    }

    /// Returns what a path leads to from a module: more than one thing, where a module and an item share a name.
    fn resolve(
        &self,
        module: &[String],
        path: &[String],
        seen: &mut BTreeSet<(ModulePath, String)>,
    ) -> BTreeSet<Target> {
        let mut from = module.to_vec();
        let mut rest = path;
        while let Some((first, others)) = rest.split_first() {
            match first.as_str() {
                "crate" => from.clear(),
                "self" => {}
                "super" => drop(from.pop()),
                _ => break,
            }
            rest = others;
        }
        let mut targets = BTreeSet::from([Target::Module(from)]);
        for name in rest {
            let next = targets.into_iter().flat_map(|target| match target {
                Target::Module(module) => self.look_up(&module, name, seen),
                item @ Target::Item { .. } => BTreeSet::from([item]),
            });
            targets = next.collect();
        }
        targets
    }

    fn look_up(&self, path: &[String], name: &str, seen: &mut BTreeSet<(ModulePath, String)>) -> BTreeSet<Target> {
        if !seen.insert((path.to_vec(), name.to_owned())) {
            return BTreeSet::new();
        }
        let Some(module) = self.modules.get(path) else { return BTreeSet::new() };
        let child = [path, &[name.to_owned()]].concat();
        let mut found = BTreeSet::new();
        if self.modules.contains_key(&child) {
            found.insert(Target::Module(child));
        }
        if let Some(file) = module.items.get(name) {
            found.insert(Target::Item { module: path.to_vec(), name: name.to_owned(), file: file.clone() });
        }
        for (_, target) in module.names.iter().filter(|(known, _)| known == name) {
            found.extend(self.resolve(path, target, seen));
        }
        if found.is_empty() {
            for glob in &module.globs {
                let whole = [&**glob, &[name.to_owned()]].concat();
                found.extend(self.resolve(path, &whole, seen));
            }
        }
        seen.remove(&(path.to_vec(), name.to_owned()));
        found
    }
}

fn named_path(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value else { return None };
    pair.path.is_ident("path").then(|| text.value())
}

fn leaves(tree: &UseTree, before: Vec<String>, names: &mut Vec<(String, Vec<String>)>, globs: &mut Vec<Vec<String>>) {
    let with = |name: &syn::Ident| match name.to_string() {
        // `use a::{self}` names `a` itself.
        name if name == "self" && !before.is_empty() => before.clone(),
        name => [&*before, &[name]].concat(),
    };
    match tree {
        UseTree::Path(path) => leaves(&path.tree, with(&path.ident), names, globs),
        UseTree::Name(leaf) => {
            let path = with(&leaf.ident);
            names.push((path.last().unwrap().clone(), path));
        }
        UseTree::Rename(leaf) => names.push((leaf.rename.to_string(), with(&leaf.ident))),
        UseTree::Glob(_) => globs.push(before),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, before.clone(), names, globs)),
    }
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// Collects the imports of one module while it goes through its code.
struct Names<'a> {
    found: &'a Crate<'a>,
    path: &'a [String],
    module: &'a Module,
    /// The type whose methods are being read.
    own_type: Option<Target>,
    imports: BTreeMap<String, String>,
}

impl Names<'_> {
    fn import(&mut self, file: &str, name: &str) {
        if file != self.module.file {
            self.imports.entry(file.to_owned()).or_insert_with(|| name.to_owned());
        }
    }

    fn method(&mut self, own_type: &Target, name: &str) {
        if let Some(file) = self.found.methods.get(&(own_type.clone(), name.to_owned())) {
            self.import(file, name);
        }
    }

    fn name(&mut self, path: &[String]) {
        let last = path.last().unwrap();
        if let ("Self", Some(own_type)) = (&*path[0], self.own_type.clone()) {
            return self.method(&own_type, last);
        }
        for target in self.found.resolve(self.path, path, &mut BTreeSet::new()) {
            if let Target::Item { file, .. } = &target {
                self.import(file, &path.join("::"));
                self.method(&target, last);
            }
        }
    }

    fn tokens(&mut self, tokens: TokenStream, only_absolute: bool) {
        let mut paths = Vec::new();
        paths_in(tokens, &mut paths);
        for path in paths.iter().filter(|path| !only_absolute || path[0] == "crate") {
            self.name(path);
        }
    }
}

/// Finds what looks like a path in the tokens of a macro or an attribute, which are not parsed.
fn paths_in(tokens: TokenStream, found: &mut Vec<Vec<String>>) {
    let mut before = String::new();
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                paths_in(group.stream(), found);
                before.clear();
            }
            TokenTree::Ident(ident) => {
                match found.last_mut() {
                    Some(path) if before == "a::" => path.push(ident.to_string()),
                    _ if before.ends_with('.') => {}
                    _ => found.push(vec![ident.to_string()]),
                }
                "a".clone_into(&mut before);
            }
            TokenTree::Punct(punct) => before.push(punct.as_char()),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                // `#[serde(with = "crate::…")]`
                if let Some(path) = text.strip_prefix("\"crate::").and_then(|path| path.strip_suffix('"')) {
                    let names = ["crate"].into_iter().chain(path.split("::"));
                    found.push(names.map(str::to_owned).collect());
                }
                before.clear();
            }
        }
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut names = Vec::new();
        leaves(&item.tree, Vec::new(), &mut names, &mut Vec::new());
        for (_, path) in &names {
            self.name(path);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.name(&segments(path));
        visit::visit_path(self, path);
    }

    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        self.own_type = self.found.type_of(block, self.path);
        visit::visit_item_impl(self, block);
        self.own_type = None;
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if let (Expr::Path(receiver), Some(own_type)) = (&*call.receiver, self.own_type.clone())
            && receiver.path.is_ident("self")
        {
            self.method(&own_type, &call.method.to_string());
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        match item.ident {
            // What a macro's definition names otherwise is looked up where it is called.
            Some(_) => self.tokens(item.mac.tokens.clone(), true),
            None => visit::visit_item_macro(self, item),
        }
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        visit::visit_macro(self, called);
        self.tokens(called.tokens.clone(), false);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone(), false);
        }
    }
}
