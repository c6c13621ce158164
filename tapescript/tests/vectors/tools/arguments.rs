//! The arguments of a call, as far as ours takes them.

use serde_json::Value as Json;
use tapescript::tools::{
    Certificate, Ending, HashSize, Hop, PreimageHash, Rights, ScriptTree, Terms,
};
use tapescript::{Error, Fields, Script, SigFlags, asm};

use crate::support::{At, hex, list};

/// Why a call can't be written.
pub(super) enum Untypable {
    /// A value that no type of ours holds.
    Value,
    /// A time that no type of ours holds.
    NegativeTime,
    /// A tool that is not there.
    Function(String),
}

/// The arguments, by their place and their name in the reference.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a>(pub(super) &'a Json);

impl<'a> Arguments<'a> {
    pub(super) fn get(self, index: usize, name: &str) -> &'a Json {
        match self.0["kwargs"].get(name) {
            Some(value) => value,
            None => &self.0["args"][index],
        }
    }

    fn has(self, index: usize, name: &str) -> bool {
        !self.get(index, name).is_null()
    }

    pub(super) fn key(self, index: usize) -> Result<[u8; 32], Untypable> {
        sized(&self.0["args"][index])
    }

    pub(super) fn bytes(self, index: usize) -> Result<Vec<u8>, Untypable> {
        bytes(&self.0["args"][index])
    }

    pub(super) fn flags(self, index: usize) -> Result<SigFlags, Untypable> {
        match self.get(index, "sigflags") {
            Json::Null => Ok(SigFlags::NONE),
            Json::String(text) if text.is_empty() => Ok(SigFlags::NONE),
            flags => match hex(flags)[..] {
                [flags] => Ok(SigFlags(flags)),
                _ => Err(Untypable::Value),
            },
        }
    }

    pub(super) fn number<T: TryFrom<u64>>(self, index: usize) -> Result<T, Untypable> {
        let number = self.0["args"][index].as_u64().ok_or(Untypable::Value)?;
        number.try_into().map_err(|_| Untypable::Value)
    }

    pub(super) fn time(self, index: usize) -> Result<u64, Untypable> {
        match self.0["args"][index].as_i64() {
            Some(time) if time < 0 => Err(Untypable::NegativeTime),
            _ => self.number(index),
        }
    }

    /// When a timeout ends; by default it is a day.
    pub(super) fn timeout(self, index: usize) -> u64 {
        let timeout = self.get(index, "timeout").as_i64().unwrap_or(86_400);
        u64::try_from(At::of(self.0).0 + timeout).expect("it is not negative")
    }

    pub(super) fn ending(self, index: usize) -> Ending {
        if *self.get(index, "op_verify") == true { Ending::Verify } else { Ending::Put }
    }

    pub(super) fn rights(self, index: usize) -> Rights {
        match self.get(index, "can_further_delegate") {
            Json::Bool(false) => Rights::Sign,
            _ => Rights::SignAndDelegate,
        }
    }

    pub(super) fn terms(self, timeout: usize) -> Result<Terms, Untypable> {
        Ok(Terms {
            receiver: self.key(0)?,
            refund: self.key(1)?,
            refund_from: self.timeout(timeout),
        })
    }

    pub(super) fn sha256(self) -> Result<Result<PreimageHash, Error>, Untypable> {
        if self.has(3, "digest") {
            return Ok(Ok(PreimageHash::from_sha256(sized(self.get(3, "digest"))?)));
        }
        Ok(PreimageHash::sha256(&bytes(self.get(2, "preimage"))?))
    }

    pub(super) fn shake256(self) -> Result<Result<PreimageHash, Error>, Untypable> {
        let size = self.hash_size(4, "hash_size", HashSize::KEY)?;
        if self.has(3, "digest") {
            let digest = bytes(self.get(3, "digest"))?;
            return Ok(size.and_then(|size| PreimageHash::from_shake256(&digest, size)));
        }
        let preimage = bytes(self.get(2, "preimage"))?;
        Ok(size.and_then(|size| PreimageHash::shake256(&preimage, size)))
    }

    pub(super) fn hash_size(
        self,
        index: usize,
        name: &str,
        usual: HashSize,
    ) -> Result<Result<HashSize, Error>, Untypable> {
        match self.get(index, name) {
            Json::Null => Ok(Ok(usual)),
            size => {
                let size = size.as_u64().and_then(|size| u8::try_from(size).ok());
                Ok(HashSize::lenient(size.ok_or(Untypable::Value)?))
            }
        }
    }

    pub(super) fn script(self, index: usize) -> Result<Script, Untypable> {
        script(&self.0["args"][index])
    }

    /// A script, or its commitment.
    pub(super) fn commitment(self, index: usize) -> Result<[u8; 32], Untypable> {
        let given = ["script", "committed_script"].map(|name| self.get(index, name));
        match given.into_iter().find(|script| !script.is_null()) {
            Some(committed) => Ok(script(committed)?.commitment()),
            None => sized(self.get(index + 1, "script_commitment")),
        }
    }

    pub(super) fn scripts(self, index: usize) -> Result<Vec<Script>, Untypable> {
        list(&self.0["args"][index]).iter().map(script).collect()
    }

    pub(super) fn keys(self, index: usize) -> Result<Vec<[u8; 32]>, Untypable> {
        list(&self.0["args"][index]).iter().map(sized).collect()
    }

    pub(super) fn hops(self) -> Result<Vec<Hop>, Untypable> {
        let refunds = list(&self.get(3, "refund_pubkeys")["pairs"]);
        let refunds = refunds.iter().map(|pair| Ok((sized(&pair[0])?, sized(&pair[1])?)));
        let refunds = refunds.collect::<Result<Vec<([u8; 32], [u8; 32])>, Untypable>>()?;
        let hop = |receiver| match refunds.iter().find(|(key, _)| *key == receiver) {
            Some(&(_, refund)) => {
                Hop::Refundable(Terms { receiver, refund, refund_from: self.timeout(4) })
            }
            None => Hop::Final(receiver),
        };
        Ok(self.keys(1)?.into_iter().map(hop).collect())
    }

    pub(super) fn certificate(self, index: usize) -> Result<Result<Certificate, Error>, Untypable> {
        certificate(&self.0["args"][index])
    }

    pub(super) fn certificates(
        self,
        index: usize,
    ) -> Result<Result<Vec<Certificate>, Error>, Untypable> {
        let certificates = list(&self.0["args"][index]).iter().map(certificate);
        Ok(certificates.collect::<Result<Vec<_>, _>>()?.into_iter().collect())
    }

    pub(super) fn fields(self, index: usize) -> Result<Fields, Untypable> {
        let map = self.0["args"][index]["map"].as_object().ok_or(Untypable::Value)?;
        map.iter().try_fold(Fields::new(), |fields, (name, value)| {
            let value = bytes(value)?;
            Ok(match name.as_str() {
                "sigfield1" => fields.with::<1>(value),
                "sigfield2" => fields.with::<2>(value),
                "sigfield3" => fields.with::<3>(value),
                "sigfield4" => fields.with::<4>(value),
                "sigfield5" => fields.with::<5>(value),
                "sigfield6" => fields.with::<6>(value),
                "sigfield7" => fields.with::<7>(value),
                "sigfield8" => fields.with::<8>(value),
                _ => return Err(Untypable::Value),
            })
        })
    }

    pub(super) fn tree(self, index: usize) -> Result<ScriptTree, Error> {
        tree(&self.0["args"][index]["tree"])
    }
}

pub(super) fn bytes(json: &Json) -> Result<Vec<u8>, Untypable> {
    json.get("b").map(hex).ok_or(Untypable::Value)
}

fn sized<const N: usize>(json: &Json) -> Result<[u8; N], Untypable> {
    bytes(json)?.try_into().map_err(|_| Untypable::Value)
}

/// Byte code, or source text.
fn script(json: &Json) -> Result<Script, Untypable> {
    match (json.get("script").or(json.get("b")), json.as_str()) {
        (Some(code), _) => Ok(Script::new(hex(code))),
        (None, Some(source)) => {
            asm::assemble(source).map(Script::new).map_err(|_| Untypable::Value)
        }
        _ => Err(Untypable::Value),
    }
}

fn certificate(json: &Json) -> Result<Result<Certificate, Error>, Untypable> {
    let packed = json.get("cert").or(json.get("b")).ok_or(Untypable::Value)?;
    Ok(Certificate::from_bytes(&hex(packed)))
}

fn tree(json: &Json) -> Result<ScriptTree, Error> {
    match list(json) {
        [left, right] => ScriptTree::node(tree(left)?, tree(right)?),
        _ => ScriptTree::leaf(Script::new(hex(json))),
    }
}
