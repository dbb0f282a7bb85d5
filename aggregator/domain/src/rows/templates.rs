//! Templates of incidents with their components as rows, and back.

use super::holds::both;
use super::restore::Restore;
use super::table::Key;
use super::value::{Field, Kind, Misread, Value};
use super::{Row, TemplateComponentRow, TemplateRow, Write};
use crate::state::{ComponentKey, State, TemplateKey};
use crate::template::{Template, TemplateStatus};
use crate::text::Text;
use std::borrow::Cow;

impl Field for TemplateKey {
    const KIND: Kind = Kind::Integer;

    fn value(&self) -> Value<'_> {
        Value::Integer(self.0)
    }

    fn read(value: Value<'_>) -> Result<Self, Misread> {
        i64::read(value).map(Self)
    }
}

impl Field for TemplateStatus {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self.name()))
    }

    fn read(value: Value<'_>) -> Result<Self, Misread> {
        let name = String::read(value)?;
        Self::from_name(&name).ok_or_else(|| Misread::new(name))
    }
}

/// The row of a template, without its components; `None`: the state has none with that key.
pub(super) fn template_row(state: &State, key: TemplateKey) -> Option<TemplateRow> {
    let one = state.templates.get(&key)?;
    Some(TemplateRow {
        workspace: state.workspace.key,
        key,
        id: one.id.clone(),
        page: one.page,
        origin: one.origin,
        name: one.name.clone(),
        written_title: one.title.written.clone(),
        title: one.title.public.clone(),
        written: one.body.written.clone(),
        body: one.body.public.clone(),
        update_status: one.status,
        created_ms: one.created_at,
        updated_ms: one.updated_at,
        author: one.by.clone(),
    })
}

/// The row of a component of a template, if it is one.
pub(super) fn component_row(
    state: &State,
    key: TemplateKey,
    component: ComponentKey,
) -> Option<TemplateComponentRow> {
    state.templates.get(&key).filter(|one| one.components.contains(&component))?;
    Some(TemplateComponentRow { workspace: state.workspace.key, incident_template: key, component })
}

/// The rows of its components.
pub(super) fn component_rows(state: &State, key: TemplateKey) -> Vec<Row> {
    let components = state.templates.get(&key).into_iter().flat_map(|one| &one.components);
    components.filter_map(|component| component_row(state, key, *component)).map(Row::from).collect()
}

/// Writes the template with its components, or deletes all of its rows if the state no longer has it.
pub(super) fn write_template(state: &State, key: TemplateKey, writes: &mut Vec<Write>) {
    let of = || both(state.workspace.key, &key);
    let components = Key::of::<TemplateComponentRow>(of());
    let Some(row) = template_row(state, key) else {
        writes.extend([components, Key::of::<TemplateRow>(of())].map(Write::Delete));
        return;
    };
    writes.push(Write::Put(row.into()));
    writes.push(Write::Replace { prefix: components, from: None, rows: component_rows(state, key) });
}

impl Restore for TemplateRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let template = Template {
            id: self.id,
            page: self.page,
            origin: self.origin,
            name: self.name,
            title: Text { written: self.written_title, public: self.title },
            body: Text { written: self.written, public: self.body },
            status: self.update_status,
            components: Vec::new(),
            created_at: self.created_ms,
            updated_at: self.updated_ms,
            by: self.author,
        };
        state.templates.insert(self.key, template);
        Ok(())
    }
}

impl Restore for TemplateComponentRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        if let Some(one) = state.templates.get_mut(&self.incident_template) {
            one.components.push(self.component);
        }
        Ok(())
    }
}
