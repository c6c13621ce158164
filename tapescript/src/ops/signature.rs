//! Signatures.

use crate::crypto;
use crate::error::Error;
use crate::flags::switch;
use crate::limits::cost;
use crate::stack::Item;
use crate::value::{Key, Value};
use crate::vm::Vm;

impl Vm<'_> {
    pub(super) fn check_sig(&mut self) -> Result<(), Error> {
        self.extend()?;
        let allowed = self.tape.byte()?;
        self.check_sig_with(allowed)
    }

    pub(super) fn check_sig_with(&mut self, allowed: u8) -> Result<(), Error> {
        let (key, signature) = (self.stack.pull()?, self.stack.pull()?);
        let verifies = self.verifies(&key, &signature, allowed)?;
        self.put_bool(verifies)
    }

    fn verifies(&mut self, key: &[u8], signature: &[u8], allowed: u8) -> Result<bool, Error> {
        let key: &[u8; 32] =
            key.try_into().map_err(|_| Error::value("OP_CHECK_SIG invalid vkey encountered"))?;
        let (signature, flags) = match signature.split_first_chunk::<64>() {
            Some((signature, [])) => (signature, 0),
            Some((signature, [flags])) => (signature, *flags),
            _ => return Err(Error::value("OP_CHECK_SIG invalid sig encountered")),
        };
        if flags & !allowed != 0 {
            return Err(Error::script("disallowed sigflag"));
        }
        let message = self.stacked_message(flags)?;
        self.spend(cost::SIGNATURE + cost::hash(message.len()))?;
        Ok(crypto::verify(key, &message, signature))
    }

    pub(super) fn check_multisig(&mut self) -> Result<(), Error> {
        self.extend()?;
        let operands = self.tape.read(3)?;
        let (allowed, needed, count) =
            (operands[0], usize::from(operands[1]), usize::from(operands[2]));
        let mut keys = self.pull_many(count)?;
        let signatures = self.pull_many(needed)?;
        let mut valid: Vec<&Item> = Vec::new();
        for signature in &signatures {
            for index in 0..keys.len() {
                if !self.verifies(&keys[index], signature, allowed)? {
                    continue;
                }
                // The first key that is equal: it may stand there twice.
                if let Some(first) = keys.iter().position(|key| *key == keys[index]) {
                    keys.remove(first);
                }
                if !valid.contains(&signature) {
                    valid.push(signature);
                }
                break;
            }
        }
        let enough = valid.len() == needed;
        self.put_bool(enough)
    }

    pub(super) fn sign(&mut self) -> Result<(), Error> {
        self.extend()?;
        let flags = self.tape.byte()?;
        let seed = self.stack.pull()?;
        let seed: &[u8; 32] = seed[..]
            .try_into()
            .map_err(|_| Error::value("invalid signing key; must be 32 bytes"))?;
        let message = self.stacked_message(flags)?;
        self.spend(cost::SIGNATURE + cost::hash(message.len()))?;
        let mut signature = Item::from(crypto::sign(seed, &message));
        if flags != 0 {
            signature.extend_from_slice(&[flags]);
        }
        self.put_cached(switch::SIGNATURE, b"s", signature)
    }

    pub(super) fn sign_stack(&mut self) -> Result<(), Error> {
        let (seed, message) = (self.stack.pull()?, self.stack.pull()?);
        let seed: &[u8; 32] = seed[..].try_into().map_err(|_| Error::value(""))?;
        self.spend(cost::SIGNATURE + cost::hash(message.len()))?;
        self.put_cached(switch::SIGNATURE, b"s", crypto::sign(seed, &message).into())
    }

    pub(super) fn check_sig_stack(&mut self) -> Result<(), Error> {
        let key = self.stack.pull()?;
        let key: &[u8; 32] = key[..].try_into().map_err(|_| Error::value("invalid vkey"))?;
        let (message, signature) = (self.stack.pull()?, self.stack.pull()?);
        let signature: &[u8; 64] =
            signature[..].try_into().map_err(|_| Error::value("invalid signature"))?;
        self.spend(cost::SIGNATURE + cost::hash(message.len()))?;
        self.put_bool(crypto::verify(key, &message, signature))
    }

    /// Keeps a value in the cache if the switch is on, and puts it.
    pub(super) fn put_cached(
        &mut self,
        switch: i64,
        key: &'static [u8],
        value: Item,
    ) -> Result<(), Error> {
        self.keep(switch, key, &value)?;
        self.stack.put(value)
    }

    /// Keeps a value in the cache if the switch is on.
    pub(super) fn keep(
        &mut self,
        switch: i64,
        key: &'static [u8],
        value: &[u8],
    ) -> Result<(), Error> {
        if self.is_on(switch) {
            self.write_cache(Key::from(key), Value::from(value))?;
        }
        Ok(())
    }
}
