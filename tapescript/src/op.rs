//! The op codes, their names and their aliases.

/// Declares the table of op codes once, and derives the enum and the look-ups from it.
macro_rules! table {
    ($($code:literal $variant:ident $name:literal [$($alias:literal),*];)*) => {
        /// An op code of the language, by its number in byte code.
        ///
        /// The numbers from [`Op::COUNT`] to 255 are NOPs: they read a count and drop that many items, and are
        /// there to be replaced by a [soft fork](crate::SoftFork).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each is what its name says; `guide::ops` explains them")]
        pub enum Op {
            $($variant = $code,)*
        }

        impl Op {
            /// All op codes, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The full name, which begins with `OP_`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The short names beside the name itself, without `OP_`; each is known with `OP_` before it, too.
            #[must_use]
            pub const fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($alias),*],)* }
            }
        }
    };
}

table! {
    0x00 False "OP_FALSE" [];
    0x01 True "OP_TRUE" [];
    0x02 Push0 "OP_PUSH0" [];
    0x03 Push1 "OP_PUSH1" [];
    0x04 Push2 "OP_PUSH2" [];
    0x05 GetMessage "OP_GET_MESSAGE" ["MSG"];
    0x06 Pop0 "OP_POP0" [];
    0x07 Pop1 "OP_POP1" [];
    0x08 Size "OP_SIZE" [];
    0x09 WriteCache "OP_WRITE_CACHE" [];
    0x0a ReadCache "OP_READ_CACHE" [];
    0x0b ReadCacheSize "OP_READ_CACHE_SIZE" ["RCZ"];
    0x0c ReadCacheStack "OP_READ_CACHE_STACK" ["RCS"];
    0x0d ReadCacheStackSize "OP_READ_CACHE_STACK_SIZE" ["RCSZ"];
    0x0e AddInts "OP_ADD_INTS" ["ADD"];
    0x0f SubtractInts "OP_SUBTRACT_INTS" ["SUB"];
    0x10 MultInts "OP_MULT_INTS" ["MULT"];
    0x11 DivInt "OP_DIV_INT" [];
    0x12 DivInts "OP_DIV_INTS" ["DIV"];
    0x13 ModInt "OP_MOD_INT" [];
    0x14 ModInts "OP_MOD_INTS" ["MOD"];
    0x15 AddFloats "OP_ADD_FLOATS" [];
    0x16 SubtractFloats "OP_SUBTRACT_FLOATS" ["SUBF"];
    0x17 DivFloat "OP_DIV_FLOAT" [];
    0x18 DivFloats "OP_DIV_FLOATS" [];
    0x19 ModFloat "OP_MOD_FLOAT" ["MODF"];
    0x1a ModFloats "OP_MOD_FLOATS" ["MODFS"];
    0x1b AddPoints "OP_ADD_POINTS" [];
    0x1c Copy "OP_COPY" [];
    0x1d Dup "OP_DUP" [];
    0x1e Sha256 "OP_SHA256" [];
    0x1f Shake256 "OP_SHAKE256" [];
    0x20 Verify "OP_VERIFY" [];
    0x21 Equal "OP_EQUAL" ["EQ"];
    0x22 EqualVerify "OP_EQUAL_VERIFY" ["EQV"];
    0x23 CheckSig "OP_CHECK_SIG" ["CS"];
    0x24 CheckSigVerify "OP_CHECK_SIG_VERIFY" ["CSV"];
    0x25 CheckTimestamp "OP_CHECK_TIMESTAMP" ["CTS"];
    0x26 CheckTimestampVerify "OP_CHECK_TIMESTAMP_VERIFY" ["CTSV"];
    0x27 CheckEpoch "OP_CHECK_EPOCH" [];
    0x28 CheckEpochVerify "OP_CHECK_EPOCH_VERIFY" ["CEV"];
    0x29 Def "OP_DEF" [];
    0x2a Call "OP_CALL" [];
    0x2b If "OP_IF" [];
    0x2c IfElse "OP_IF_ELSE" [];
    0x2d Eval "OP_EVAL" [];
    0x2e Not "OP_NOT" [];
    0x2f Random "OP_RANDOM" [];
    0x30 Return "OP_RETURN" [];
    0x31 SetFlag "OP_SET_FLAG" [];
    0x32 UnsetFlag "OP_UNSET_FLAG" [];
    0x33 Depth "OP_DEPTH" [];
    0x34 Swap "OP_SWAP" [];
    0x35 Swap2 "OP_SWAP2" [];
    0x36 Reverse "OP_REVERSE" [];
    0x37 Concat "OP_CONCAT" ["CAT"];
    0x38 Split "OP_SPLIT" [];
    0x39 ConcatStr "OP_CONCAT_STR" ["CATS"];
    0x3a SplitStr "OP_SPLIT_STR" [];
    0x3b CheckTransfer "OP_CHECK_TRANSFER" [];
    0x3c Merkleval "OP_MERKLEVAL" [];
    0x3d TryExcept "OP_TRY_EXCEPT" [];
    0x3e Less "OP_LESS" [];
    0x3f LessOrEqual "OP_LESS_OR_EQUAL" ["LEQ"];
    0x40 GetValue "OP_GET_VALUE" ["VAL"];
    0x41 FloatLess "OP_FLOAT_LESS" ["FLESS"];
    0x42 FloatLessOrEqual "OP_FLOAT_LESS_OR_EQUAL" ["FLEQ"];
    0x43 IntToFloat "OP_INT_TO_FLOAT" ["I2F"];
    0x44 FloatToInt "OP_FLOAT_TO_INT" ["F2I"];
    0x45 Loop "OP_LOOP" [];
    0x46 CheckMultisig "OP_CHECK_MULTISIG" ["CMS"];
    0x47 CheckMultisigVerify "OP_CHECK_MULTISIG_VERIFY" ["CMSV"];
    0x48 Sign "OP_SIGN" [];
    0x49 SignStack "OP_SIGN_STACK" [];
    0x4a CheckSigStack "OP_CHECK_SIG_STACK" ["CSS"];
    0x4b DeriveScalar "OP_DERIVE_SCALAR" [];
    0x4c ClampScalar "OP_CLAMP_SCALAR" [];
    0x4d AddScalars "OP_ADD_SCALARS" [];
    0x4e SubtractScalars "OP_SUBTRACT_SCALARS" [];
    0x4f DerivePoint "OP_DERIVE_POINT" [];
    0x50 SubtractPoints "OP_SUBTRACT_POINTS" [];
    0x51 MakeAdapterSigPublic "OP_MAKE_ADAPTER_SIG_PUBLIC" ["MASU"];
    0x52 MakeAdapterSigPrivate "OP_MAKE_ADAPTER_SIG_PRIVATE" ["MASV"];
    0x53 CheckAdapterSig "OP_CHECK_ADAPTER_SIG" ["CAS"];
    0x54 DecryptAdapterSig "OP_DECRYPT_ADAPTER_SIG" ["DAS"];
    0x55 Invoke "OP_INVOKE" [];
    0x56 Xor "OP_XOR" [];
    0x57 Or "OP_OR" [];
    0x58 And "OP_AND" [];
    0x59 CheckTemplate "OP_CHECK_TEMPLATE" ["CT"];
    0x5a CheckTemplateVerify "OP_CHECK_TEMPLATE_VERIFY" ["CTV"];
    0x5b Taproot "OP_TAPROOT" ["TR"];
}

impl Op {
    /// How many op codes there are: the codes from here to 255 are NOPs.
    pub const COUNT: u8 = 92;

    /// The op with this number, or nothing if it is a NOP.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The number in byte code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The op of this name or alias, in upper case, with or without `OP_`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let short = name.strip_prefix("OP_").unwrap_or(name);
        Self::ALL
            .iter()
            .copied()
            .find(|op| op.name()[3..] == *short || op.aliases().contains(&short))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_found_again() {
        assert_eq!(Op::ALL.len(), usize::from(Op::COUNT));
        for (code, op) in (0..=u8::MAX).zip(Op::ALL) {
            assert_eq!(op.code(), code);
            assert_eq!(Op::from_code(code), Some(*op));
            assert_eq!(Op::from_name(op.name()), Some(*op));
            for alias in op.aliases() {
                assert_eq!(Op::from_name(alias), Some(*op));
                assert_eq!(Op::from_name(&format!("OP_{alias}")), Some(*op));
            }
        }
        assert_eq!(Op::from_code(Op::COUNT), None);
        assert_eq!(Op::from_name("NOP92"), None);
    }
}
