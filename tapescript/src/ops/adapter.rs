//! Adapter signatures: signatures that are complete only with a secret, the tweak.

use crate::crypto::{
    aggregate_points, clamp_scalar, derive_key_from_seed, derive_point_from_scalar, h_big, h_small,
    scalar_add, scalar_mul, scalarmult,
};
use crate::error::Error;
use crate::flags::switch;
use crate::limits::cost;
use crate::vm::Vm;

impl Vm<'_> {
    pub(super) fn make_adapter_sig_public(&mut self) -> Result<(), Error> {
        let (tweak, message, seed) = (self.stack.pull()?, self.stack.pull()?, self.stack.pull()?);
        self.spend(
            2 * cost::BASE_MULTIPLICATION
                + 2 * cost::POINT_CHECK
                + 2 * cost::hash(message.len() + seed.len()),
        )?;
        let x = derive_key_from_seed(&seed);
        let key = derive_point_from_scalar(&x)?;
        let nonce = h_big(&[&seed]);
        let r = h_small(&[&h_big(&[&nonce[32..], &message])]);
        let point = derive_point_from_scalar(&r)?;
        let tweaked = aggregate_points(&[&point[..], &tweak])?;
        let challenge = h_small(&[&tweaked, &key, &message]);
        let adapter = scalar_add(&r, &scalar_mul(&challenge, &x)?)?;
        self.keep(switch::NONCE, b"r", &r)?;
        self.keep(switch::NONCE_POINT, b"R", &point)?;
        self.keep(switch::TWEAK_POINT, b"T", &tweak)?;
        self.keep(switch::ADAPTER, b"sa", &adapter)?;
        self.stack.put(point)?;
        self.stack.put(adapter)
    }

    pub(super) fn make_adapter_sig_private(&mut self) -> Result<(), Error> {
        let seed = self.stack.pull()?;
        let tweak = clamp_scalar(&self.stack.pull()?, false)?;
        let message = self.stack.pull()?;
        self.spend(3 * cost::BASE_MULTIPLICATION + 2 * cost::hash(message.len() + seed.len()))?;
        let x = derive_key_from_seed(&seed);
        let key = derive_point_from_scalar(&x)?;
        let nonce = h_big(&[&seed]);
        let tweak_point = derive_point_from_scalar(&tweak)?;
        let r = h_small(&[&nonce[32..], &message]);
        let point = derive_point_from_scalar(&r)?;
        let challenge = h_small(&[&point, &key, &message]);
        let adapter = scalar_add(&scalar_add(&tweak, &r)?, &scalar_mul(&challenge, &x)?)?;
        self.keep(switch::NONCE_POINT, b"R", &point)?;
        self.keep(switch::TWEAK, b"t", &tweak)?;
        self.keep(switch::TWEAK_POINT, b"T", &tweak_point)?;
        self.keep(switch::ADAPTER, b"sa", &adapter)?;
        self.stack.put(tweak_point)?;
        self.stack.put(point)?;
        self.stack.put(adapter)
    }

    pub(super) fn check_adapter_sig(&mut self) -> Result<(), Error> {
        let (key, tweak) = (self.stack.pull()?, self.stack.pull()?);
        let (message, point, adapter) =
            (self.stack.pull()?, self.stack.pull()?, self.stack.pull()?);
        self.spend(
            cost::BASE_MULTIPLICATION
                + 4 * cost::POINT_CHECK
                + cost::MULTIPLICATION
                + cost::hash(message.len()),
        )?;
        let given = derive_point_from_scalar(&adapter)?;
        let tweaked = aggregate_points(&[&point, &tweak])?;
        let challenge = h_small(&[&tweaked, &key, &message]);
        let expected = aggregate_points(&[&point[..], &scalarmult(&challenge, &key)?])?;
        self.put_bool(given == expected)
    }

    pub(super) fn decrypt_adapter_sig(&mut self) -> Result<(), Error> {
        let tweak = clamp_scalar(&self.stack.pull()?, false)?;
        let (point, adapter) = (self.stack.pull()?, self.stack.pull()?);
        self.spend(cost::BASE_MULTIPLICATION + 2 * cost::POINT_CHECK)?;
        let tweak_point = derive_point_from_scalar(&tweak)?;
        let tweaked = aggregate_points(&[&point[..], &tweak_point])?;
        let signature = scalar_add(&adapter, &tweak)?;
        self.keep(switch::TWEAKED_NONCE, b"RT", &tweaked)?;
        self.keep(switch::SIGNATURE, b"s", &signature)?;
        self.stack.put(tweaked)?;
        self.stack.put(signature)
    }
}
