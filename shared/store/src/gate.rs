//! The gate before the mail service, in one record that every batch of mails reads.

use domain::gate::Gate;

use crate::{
    Store, StoreError,
    expression::Expression,
    keys::Key,
    record::{Kind, record},
    write::Write,
};

impl Store {
    /// Reads the gate; open until somebody has closed it. A moment may be missing.
    ///
    /// # Errors
    /// [`StoreError`] if the read fails.
    pub async fn gate(&self) -> Result<Gate, StoreError> {
        Ok(self.read_to_show([Key::gate()]).await?.value(&Key::gate())?.unwrap_or_default())
    }

    /// Writes the gate. Of two at the same time, the later one holds: either has just seen the mail service.
    ///
    /// # Errors
    /// [`StoreError`] if the table fails.
    pub async fn put_gate(&self, gate: &Gate) -> Result<(), StoreError> {
        let item = record(Kind::Gate, Key::gate(), gate)?;
        self.transact(vec![Write::Put(item, Expression::default())]).await.map(drop)
    }
}
