//! The rows of what can no longer change in the automatic layer of a component.

use super::table::Key;
use super::value::{Field, Layer, Misread, Value};
use super::{ChunkRow, IntervalRow, Restore, Write};
use crate::automatic_layer::Chunk;
use crate::state::{ComponentKey, State};

/// Writes the newest `count` chunks of a component, and deletes the rows of the intervals that they hold.
pub(super) fn write_chunks(state: &State, component: ComponentKey, count: usize, writes: &mut Vec<Write>) {
    let workspace = state.workspace.key;
    let chunks = state.components[&component].layers.automatic.chunks();
    let added = &chunks[chunks.len() - count..];
    let Some(last) = added.last() else { return };
    let layer = Layer::Automatic;
    let prefix = [workspace.value(), component.value(), layer.value()].map(Value::into_owned);
    writes.push(Write::Prune { prefix: Key::of::<IntervalRow>(prefix), before: last.to.0 });
    for chunk in added {
        let (from_ms, to_ms, intervals) = (chunk.from, chunk.to, chunk.bytes().to_vec());
        writes.push(Write::Put(ChunkRow { workspace, component, from_ms, to_ms, intervals }.into()));
    }
}

impl Restore for ChunkRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let Some(component) = state.components.get_mut(&self.component) else { return Ok(()) };
        let chunk = Chunk::stored(self.from_ms, self.to_ms, &self.intervals)
            .ok_or_else(|| Misread::new(&self.intervals).within("status_chunk", "intervals"))?;
        component.layers.automatic.push_chunk(chunk);
        Ok(())
    }
}
