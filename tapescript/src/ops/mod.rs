//! The ops, by family. What each does is in the guide; the order of its steps is part of the language, since a script
//! that catches an error sees what was done before.

mod adapter;
mod bytes;
mod contract;
mod float;
mod flow;
mod int;
mod message;
mod point;
mod signature;
mod stack;
mod taproot;
mod template;
mod text;
mod time;

use crate::error::Error;
use crate::host::Operation;
use crate::num::bool_to_bytes;
use crate::op::Op;
use crate::stack::Item;
pub(crate) use message::SIGFIELDS;

use crate::vm::Vm;

impl Vm<'_> {
    /// Runs the next op of the tape. It is called in one place, where a call more for each op is felt.
    #[inline(always)]
    pub(crate) fn step(&mut self) -> Result<(), Error> {
        let code = self.tape.byte()?;
        self.spend(1)?;
        let Some(op) = Op::from_code(code) else {
            return self.nop(code);
        };
        match op {
            Op::False => self.put_bool(false),
            Op::True => self.put_bool(true),
            Op::Push0 => self.push0(),
            Op::Push1 => self.push1(),
            Op::Push2 => self.push2(),
            Op::GetMessage => self.get_message(),
            Op::Pop0 => self.pop0(),
            Op::Pop1 => self.pop1(),
            Op::Size => self.size(),
            Op::WriteCache => self.write_cache_op(),
            Op::ReadCache => self.read_cache(),
            Op::ReadCacheSize => self.read_cache_size(),
            Op::ReadCacheStack => self.read_cache_stack(),
            Op::ReadCacheStackSize => self.read_cache_stack_size(),
            Op::AddInts => self.add_ints(),
            Op::SubtractInts => self.subtract_ints(),
            Op::MultInts => self.mult_ints(),
            Op::DivInt => self.div_int(),
            Op::DivInts => self.div_ints(),
            Op::ModInt => self.mod_int(),
            Op::ModInts => self.mod_ints(),
            Op::AddFloats => self.add_floats(),
            Op::SubtractFloats => self.subtract_floats(),
            Op::DivFloat => self.div_float(),
            Op::DivFloats => self.div_floats(),
            Op::ModFloat => self.mod_float(),
            Op::ModFloats => self.mod_floats(),
            Op::AddPoints => self.add_points(),
            Op::Copy => self.copy(),
            Op::Dup => self.dup(),
            Op::Sha256 => self.sha256(),
            Op::Shake256 => self.shake256(),
            Op::Verify => self.verify(),
            Op::Equal => self.equal(),
            Op::EqualVerify => self.equal().and_then(|()| self.verify()),
            Op::CheckSig => self.check_sig(),
            Op::CheckSigVerify => self.check_sig().and_then(|()| self.verify()),
            Op::CheckTimestamp => self.check_timestamp(),
            Op::CheckTimestampVerify => self.check_timestamp().and_then(|()| self.verify()),
            Op::CheckEpoch => self.check_epoch(),
            Op::CheckEpochVerify => self.check_epoch().and_then(|()| self.verify()),
            Op::Def => self.def(),
            Op::Call => self.call(),
            Op::If => self.if_op(),
            Op::IfElse => self.if_else(),
            Op::Eval => self.eval(),
            Op::Not => self.not(),
            Op::Random => self.random(),
            Op::Return => self.return_op(),
            Op::SetFlag => self.set_flag(),
            Op::UnsetFlag => self.unset_flag(),
            Op::Depth => self.depth(),
            Op::Swap => self.swap(),
            Op::Swap2 => self.swap2(),
            Op::Reverse => self.reverse(),
            Op::Concat => self.concat(),
            Op::Split => self.split(),
            Op::ConcatStr => self.concat_str(),
            Op::SplitStr => self.split_str(),
            Op::CheckTransfer => self.check_transfer(),
            Op::Merkleval => self.merkleval(),
            Op::TryExcept => self.try_except(),
            Op::Less => self.less(),
            Op::LessOrEqual => self.less_or_equal(),
            Op::GetValue => self.get_value(),
            Op::FloatLess => self.float_less(),
            Op::FloatLessOrEqual => self.float_less_or_equal(),
            Op::IntToFloat => self.int_to_float(),
            Op::FloatToInt => self.float_to_int(),
            Op::Loop => self.loop_op(),
            Op::CheckMultisig => self.check_multisig(),
            Op::CheckMultisigVerify => self.check_multisig().and_then(|()| self.verify()),
            Op::Sign => self.sign(),
            Op::SignStack => self.sign_stack(),
            Op::CheckSigStack => self.check_sig_stack(),
            Op::DeriveScalar => self.derive_scalar(),
            Op::ClampScalar => self.clamp_scalar(),
            Op::AddScalars => self.add_scalars(),
            Op::SubtractScalars => self.subtract_scalars(),
            Op::DerivePoint => self.derive_point(),
            Op::SubtractPoints => self.subtract_points(),
            Op::MakeAdapterSigPublic => self.make_adapter_sig_public(),
            Op::MakeAdapterSigPrivate => self.make_adapter_sig_private(),
            Op::CheckAdapterSig => self.check_adapter_sig(),
            Op::DecryptAdapterSig => self.decrypt_adapter_sig(),
            Op::Invoke => self.invoke(),
            Op::Xor => self.bitwise(|a, b| a ^ b),
            Op::Or => self.bitwise(|a, b| a | b),
            Op::And => self.bitwise(|a, b| a & b),
            Op::CheckTemplate => self.check_template(),
            Op::CheckTemplateVerify => self.check_template().and_then(|()| self.verify()),
            Op::Taproot => self.taproot(),
        }
    }

    /// A code that is no op of the language: what a soft fork made of it, or a count of items to drop.
    fn nop(&mut self, code: u8) -> Result<(), Error> {
        if let Some(fork) = self.machine.fork(code) {
            let mut operation =
                Operation { tape: &self.tape, stack: &mut self.stack, cache: &mut self.cache };
            return fork.run(&mut operation);
        }
        let count = self.tape.byte()?;
        if count >= 0x80 {
            return Err(Error::script("NOP count must not be negative"));
        }
        for _ in 0..count {
            self.stack.pull()?;
        }
        Ok(())
    }

    /// Whether a standard switch is on.
    fn is_on(&self, switch: i64) -> bool {
        self.tape.flags.read(|flags| flags.is_on(switch))
    }

    pub(crate) fn put_bool(&mut self, value: bool) -> Result<(), Error> {
        self.stack.put(bool_to_bytes(value))
    }

    /// Pulls items, in that order.
    pub(crate) fn pull_many(&mut self, count: usize) -> Result<Vec<Item>, Error> {
        (0..count).map(|_| self.stack.pull()).collect()
    }
}
