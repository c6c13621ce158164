//! As much of the wire format as a load generator needs.

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};
use sha2::{Digest, Sha256};

/// The numbers of the message types in use.
pub mod code {
    /// REQUEST_URI.
    pub const REQUEST: u8 = 0;
    /// RESPOND_URI.
    pub const RESPOND: u8 = 1;
    /// SUBSCRIBE_URI.
    pub const SUBSCRIBE: u8 = 5;
    /// PUBLISH_URI.
    pub const PUBLISH: u8 = 7;
    /// NOTIFY_URI.
    pub const NOTIFY: u8 = 8;
    /// OK.
    pub const OK: u8 = 10;
    /// CONFIRM_SUBSCRIBE.
    pub const CONFIRM_SUBSCRIBE: u8 = 11;
}

const HEADER: usize = 9;
/// What all messages of a run are protected with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protection {
    /// Nothing.
    #[default]
    None,
    /// HMAC-SHA256 under [`SECRET`].
    Hmac,
    /// The SHA-256 stream cipher under [`SECRET`], the uri sealed too.
    Cipher,
}

/// The secret and key of all runs.
pub const SECRET: &str = "a secret for benchmarks";

const TS: &[u8] = b"\x4c\x40\x02\x04\x06\x43\x02ts\x41\x04";
const MAC: &[u8] = b"\x4c\x40\x02\x06\x22\x43\x04hmac\x41\x20";
const NONCE: &[u8] = b"\x4c\x40\x02\x07\x12\x43\x05nonce\x41\x10";
const IV: &[u8] = b"\x4c\x40\x02\x04\x12\x43\x02iv\x41\x10";
/// No auth fields: an empty dict.
const NO_FIELDS: &[u8] = b"\x4d\x40\x00";
/// The head of a dict with the three fields of a MAC, whose lengths never vary.
const MAC_FIELDS: &[u8] = b"\x4d\x40\x03\x0f\x2d\x1e";
/// The head of a dict with an iv.
const IV_FIELDS: &[u8] = b"\x4d\x40\x01\x1b";

/// A message, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// The number of its type.
    pub code: u8,
    /// Uri length, uri and content.
    pub body: Cow<'a, [u8]>,
}

impl Message<'_> {
    /// Returns what comes before the content.
    #[must_use]
    pub fn topic(&self) -> &[u8] {
        &self.body[..self.body.len() - self.content().len()]
    }

    /// Returns the content.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        let uri = self.body.first_chunk().map_or(0, |length| u16::from_be_bytes(*length));
        self.body.get(2 + usize::from(uri)..).unwrap_or_default()
    }
}

/// Returns the length of the frame at the front of `bytes`, if all of it is there.
#[must_use]
pub fn whole(bytes: &[u8]) -> Option<usize> {
    let &[_, a0, a1, b0, b1, ..] = bytes.first_chunk::<HEADER>()?;
    let lengths = [u16::from_be_bytes([a0, a1]), u16::from_be_bytes([b0, b1])];
    let length = HEADER + lengths.into_iter().map(usize::from).sum::<usize>();
    (bytes.len() >= length).then_some(length)
}

/// Makes a body of uri and content.
#[must_use]
pub fn body(uri: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(uri.len()).expect("a short uri");
    [&length.to_be_bytes(), uri, content].concat()
}

/// Seals and opens messages, as plainly as the hash functions allow.
#[derive(Debug)]
pub struct Sealer {
    protection: Protection,
    secret: [u8; 32],
    purpose: [u8; 32],
    /// Makes nonces that need not be secret, at the cost of nothing.
    nonces: u128,
}

impl Sealer {
    /// Makes one; the nonces begin at random.
    ///
    /// # Panics
    ///
    /// Panics where there is no randomness.
    #[must_use]
    pub fn new(protection: Protection) -> Self {
        let purpose = if protection == Protection::Cipher { "enc" } else { "mac" };
        let mut start = [0; 16];
        getrandom::fill(&mut start).expect("the system has randomness");
        Self {
            protection,
            secret: digest(&[&digest(&[SECRET.as_bytes()])]),
            purpose: digest(&[purpose.as_bytes()]),
            nonces: u128::from_ne_bytes(start),
        }
    }

    /// Appends a message to `out`, sealed.
    pub fn seal(&mut self, code: u8, body: &[u8], out: &mut BytesMut) {
        self.nonces = self.nonces.wrapping_add(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let nonce = self.nonces.to_be_bytes();
        match self.protection {
            Protection::None => {
                head(code, NO_FIELDS.len(), body, out);
                out.put_slice(NO_FIELDS);
                out.put_slice(body);
            }
            Protection::Hmac => {
                let ts = unix_time().to_be_bytes();
                let mac = mac(&self.key(&nonce), &ts, body);
                head(code, 96, body, out);
                for part in [MAC_FIELDS, TS, &ts, MAC, &mac, NONCE, &nonce, body] {
                    out.put_slice(part);
                }
            }
            Protection::Cipher => {
                let mut sealed = Vec::with_capacity(2 + body.len());
                // Any place will do to cut the sealed text.
                sealed.extend_from_slice(&[0, 1]);
                sealed.extend_from_slice(body);
                apply(&self.key(&nonce), &mut sealed[2..]);
                head(code, 31, &sealed, out);
                for part in [IV_FIELDS, IV, &nonce, &sealed] {
                    out.put_slice(part);
                }
            }
        }
    }

    /// Appends the answer to a message, which has the same body.
    pub fn answer(&mut self, code: u8, frame: &[u8], message: &Message<'_>, out: &mut BytesMut) {
        if self.protection == Protection::None {
            // And the same checksum.
            out.put_u8(code);
            out.put_slice(&frame[1..]);
        } else {
            self.seal(code, &message.body, out);
        }
    }

    /// Opens a whole frame; `None` when anything about it is wrong.
    #[must_use]
    pub fn open<'a>(&self, frame: &'a [u8]) -> Option<Message<'a>> {
        let (header, rest) = frame.split_at_checked(HEADER)?;
        let &[code, a0, a1, .., c0, c1, c2, c3] = header else { return None };
        let (fields, body) = rest.split_at_checked(u16::from_be_bytes([a0, a1]).into())?;
        if crc32fast::hash(body) != u32::from_be_bytes([c0, c1, c2, c3]) {
            return None;
        }
        let body = match self.protection {
            Protection::None => body.into(),
            Protection::Hmac => {
                let fields = fields.strip_prefix(MAC_FIELDS)?.strip_prefix(TS)?;
                let (ts, fields) = fields.split_at_checked(4)?;
                let (given, fields) = fields.strip_prefix(MAC)?.split_at_checked(32)?;
                let key = self.key(fields.strip_prefix(NONCE)?);
                (mac(&key, ts, body) == *given).then_some(body)?.into()
            }
            Protection::Cipher => {
                let iv = fields.strip_prefix(IV_FIELDS)?.strip_prefix(IV)?;
                let mut text = body.get(2..)?.to_vec();
                apply(&self.key(iv), &mut text);
                text.into()
            }
        };
        Some(Message { code, body })
    }

    fn key(&self, nonce: &[u8]) -> [u8; 32] {
        digest(&[&self.secret, &digest(&[nonce]), &self.purpose])
    }
}

fn head(code: u8, fields: usize, body: &[u8], out: &mut BytesMut) {
    let length = |length: usize| u16::try_from(length).expect("it fits a frame");
    out.put_u8(code);
    out.put_u16(length(fields));
    out.put_u16(length(body.len()));
    out.put_u32(crc32fast::hash(body));
}

/// HMAC with a block of 136 bytes.
fn mac(key: &[u8; 32], ts: &[u8], body: &[u8]) -> [u8; 32] {
    let pad = |with: u8| {
        let mut block = [with; 136];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    digest(&[&pad(0x5c), &digest(&[&pad(0x36), ts, body])])
}

fn apply(key: &[u8; 32], text: &mut [u8]) {
    for (chunk, counter) in text.chunks_mut(32).zip(0_u32..) {
        let stream = digest(&[key, &counter.to_be_bytes()]);
        chunk.iter_mut().zip(stream).for_each(|(byte, key)| *byte ^= key);
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

fn unix_time() -> u32 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| u32::try_from(now.as_secs()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use netaio::{
        MessageType,
        plugin::{Direction, HmacAuth, Layer, PluginContext, Sha256StreamCipher, System},
        wire::{self, AuthFields, Body, Frame, TypeSet},
    };

    use super::*;

    fn layer(protection: Protection) -> Layer {
        match protection {
            Protection::None => Layer::new(),
            Protection::Hmac => Layer::new().auth(HmacAuth::new(SECRET)),
            Protection::Cipher => Layer::new().cipher(Sha256StreamCipher::new(SECRET)),
        }
    }

    #[test]
    fn the_framework_opens_what_is_sealed_here_and_the_other_way_round() {
        for protection in [Protection::None, Protection::Hmac, Protection::Cipher] {
            let (mut sealer, layer) = (Sealer::new(protection), layer(protection));
            let plain = body(b"uri", b"content");
            let mut frame = BytesMut::new();
            sealer.seal(code::REQUEST, &plain, &mut frame);
            assert_eq!(whole(&frame), Some(frame.len()));
            assert_eq!(whole(&frame[..frame.len() - 1]), None);

            let read = wire::Message::decode(&frame, &TypeSet::BASE).unwrap();
            let (_, fields, sealed) = read.into_parts();
            let context = PluginContext::new(&System, MessageType::RequestUri, Direction::Incoming);
            let opened = layer.open(&fields, sealed, &context).unwrap();
            assert_eq!((opened.uri(), opened.content()), (&b"uri"[..], &b"content"[..]));

            let mut fields = AuthFields::new();
            let context = PluginContext::new(&System, MessageType::RespondUri, Direction::Outgoing);
            let sealed = layer.seal(&mut fields, Body::new("uri", "answer").unwrap(), &context);
            let mut out = BytesMut::new();
            wire::encode_frame(code::RESPOND, &fields, sealed.unwrap().encoded(), &mut out)
                .unwrap();
            assert_eq!(Frame::needed(&out), out.len());
            let message = sealer.open(&out).unwrap();
            assert_eq!((message.code, message.content()), (code::RESPOND, &b"answer"[..]));
            let last = out.len() - 1;
            out[last] ^= 1;
            assert_eq!(sealer.open(&out), None);
        }
    }
}
